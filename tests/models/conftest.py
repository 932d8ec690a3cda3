"""Tests of models never leave this machine: the model hub is a loopback port on which nobody listens."""

import os

os.environ["HF_ENDPOINT"] = "http://127.0.0.1:9"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
