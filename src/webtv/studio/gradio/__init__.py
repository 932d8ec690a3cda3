"""Gradio Spaces as makers of takes; needs the package gradio_client, imported when a take is ordered."""
