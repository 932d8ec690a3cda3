"""From a theme to sequences of shot prompts: the writer port, its adapters, memory, safety."""
