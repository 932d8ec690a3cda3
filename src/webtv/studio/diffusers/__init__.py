"""Shot makers that run a text-to-video model on this machine through diffusers."""
