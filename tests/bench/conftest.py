import pytest

from webtv.prompts.sequence import ShotPrompt
from webtv.studio.ports import ShotRequest


@pytest.fixture
def shot_request() -> ShotRequest:
    text = "two red foxes cross a snowy field, wide shot"
    prompt = ShotPrompt("two red foxes", "cross", "a snowy field", "wide shot", "noon", "", "", "", "", text)
    return ShotRequest(prompt=prompt, seconds=2, width=1280, height=720, fps=24, seed=1)
