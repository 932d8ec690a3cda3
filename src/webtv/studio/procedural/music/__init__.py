"""The embedded composer's parts: theory, moods, composition, instruments, ambience, mixing."""
