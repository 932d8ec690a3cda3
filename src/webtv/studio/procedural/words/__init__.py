"""From words to a scene: tables, forms, nearest meanings, and what was understood."""
