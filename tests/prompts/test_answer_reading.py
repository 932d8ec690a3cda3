"""What is a model's thought, and what only looks like one."""

import json

import pytest
from prompt_samples import answer, brief

from webtv.prompts.answer import Reply, UnusableAnswer, holds_object, read_answer

GOOD = json.dumps(answer())
DRAFT = json.dumps(answer(title="A First Draft"))
TAGGED = json.dumps(answer(title="Gulls <think> at </think> Dawn"))


@pytest.mark.parametrize("tag", ["<think>", "</think>", "</thinking> <reasoning>", "<think>hm</think>"])
@pytest.mark.parametrize("before", ["", "<think>They want gulls.</think>\n", "They want gulls.</think>\n"])
@pytest.mark.parametrize("after", ["", "\n<think>should I have"])
def test_a_tag_within_a_text_is_no_thought(tag: str, before: str, after: str) -> None:
    told = json.dumps(answer(title=f"Gulls {tag} at Dawn"))
    text = before + told + after
    assert read_answer(Reply(text), brief(), "m").title == f"Gulls {tag} at Dawn"
    assert holds_object(text)


@pytest.mark.parametrize(
    "text",
    [
        f"<think>{DRAFT}</think>{GOOD}",
        f"{DRAFT}</think>{GOOD}",
        f"<think>{TAGGED}</think>{GOOD}",
        f"{GOOD}<think>or rather {DRAFT}",
        f"{GOOD}<think>or rather {TAGGED}",
        f'<think>It begins with {{"title": "</think>{GOOD}',
        f"<think>{'{' * 200}</think>{GOOD}",
    ],
)
def test_a_sequence_among_thoughts_is_not_the_answer(text: str) -> None:
    assert read_answer(Reply(text), brief(), "m").title == "Gulls at Dawn"


@pytest.mark.parametrize("text", [f"<think>{DRAFT}", f"<think>{TAGGED}", f"{DRAFT}</think>Hm."])
def test_thoughts_alone_are_no_answer(text: str) -> None:
    with pytest.raises(UnusableAnswer, match="not a JSON object"):
        read_answer(Reply(text), brief(), "m")
    assert not holds_object(text)
