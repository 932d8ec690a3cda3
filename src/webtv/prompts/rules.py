"""Rules of prompts that hold whoever wrote them; breaches are told in words that a writer can act on."""

import re

from webtv.prompts.lexicon import load_voice
from webtv.prompts.sequence import SequencePlan
from webtv.prompts.wording import Avoidance, lemmas, mentions, tokens
from webtv.themes.channel import Channel

SHORTEST_TEXT = 12  # words; a model that sees less invents the rest
LONGEST_TEXT = 1500  # characters
LONGEST_TITLE = 80


def broken_rules(plan: SequencePlan, channel: Channel) -> tuple[str, ...]:
    """What is wrong with a plan for a channel, one sentence each; empty when it may be made."""
    voice = load_voice()
    avoid = Avoidance(channel.avoid)
    wrong = []
    if len(plan.shots) != channel.sequence.shots:
        wrong.append(f"there are {len(plan.shots)} shots; write exactly {channel.sequence.shots}")
    if not plan.title.strip() or len(plan.title) > LONGEST_TITLE:
        wrong.append(f"the title must have 1 to {LONGEST_TITLE} characters")
    if avoid.hits(plan.title):
        wrong.append("the title names something that the channel avoids")
    for number, shot in enumerate(plan.shots, 1):
        asked = {name: text for name, text in shot.to_json().items() if name != "negative"}
        if len(lemmas(shot.text)) < SHORTEST_TEXT:
            wrong.append(f"shot {number}: text is too short; repeat subject, place, light, style and camera")
        if len(shot.text) > LONGEST_TEXT:
            wrong.append(f"shot {number}: text is longer than {LONGEST_TEXT} characters")
        wrong += [
            f"shot {number}: {name} names something that the channel avoids"
            for name, text in asked.items()
            if avoid.hits(text)
        ]
        if mentions(lemmas(shot.text), voice.continued):
            wrong.append(f"shot {number}: text speaks of other shots; describe everything anew")
        wrong += [
            f"shot {number}: leave out {term!r}, it would appear in the picture"
            for term in voice.gear
            if re.search(rf"\b{re.escape(term)}\b", shot.text, re.IGNORECASE)
        ]
        if tokens(shot.subject) and tokens(shot.subject).isdisjoint(tokens(shot.text)):
            wrong.append(f"shot {number}: text does not name the subject {shot.subject!r}")
    return tuple(wrong)
