"""What was made: catalogue, storage, ratings."""
