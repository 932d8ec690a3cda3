"""WebTV: a 24/7 television station whose programmes are made by machines from themes written by people."""

__version__ = "0.1.0.dev0"
