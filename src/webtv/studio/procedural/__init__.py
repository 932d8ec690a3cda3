"""The embedded studio: pictures and sound computed from the prompt, with no model and no network."""
