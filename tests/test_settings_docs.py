"""docs/settings.md says what the code does: every setting, its default and its meaning, and nothing else."""

import json
import re
from pathlib import Path

import pytest
from pydantic.fields import FieldInfo

from webtv.core.settings import Settings, load_settings

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"


def row(name: str, field: FieldInfo) -> str:
    """The table row that documents a setting."""
    default = field.get_default(call_default_factory=True)
    if default is None:
        shown = "not set"
    elif isinstance(default, dict | frozenset):
        shown = f"`{json.dumps(default if isinstance(default, dict) else sorted(default))}`"
    else:
        shown = f"`{default:g}`" if isinstance(default, float) else f"`{default}`"
    return f"| `WEBTV_{name.upper()}` | {shown} | {field.description} |"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented_as_it_is(name: str) -> None:
    assert row(name, Settings.model_fields[name]) in PAGE.read_text().splitlines()


def test_nothing_is_documented_that_does_not_exist() -> None:
    named = re.findall(r"WEBTV_[A-Z_]+", PAGE.read_text())
    assert set(named) == {f"WEBTV_{name.upper()}" for name in Settings.model_fields}


def test_the_examples_on_the_page_are_accepted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (block,) = re.findall(r"```sh\n# \.env\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    (tmp_path / ".env").write_text(block)
    monkeypatch.chdir(tmp_path)
    settings = load_settings()
    assert settings.port == 9000
    assert settings.outputs["local"].url.get_secret_value() == "rtmp://127.0.0.1/live/{channel}"
    assert settings.allowed_names == {"Ada Lovelace"}
