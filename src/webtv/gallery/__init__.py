"""The gallery: all that the embedded studio can draw, play and show, on one page, from fixed seeds."""
