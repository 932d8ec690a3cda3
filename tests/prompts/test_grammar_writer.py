import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_samples import CHANNELS, TIDELINE, brief
from ruamel.yaml import YAML

from webtv.core.events import EventLog
from webtv.prompts.desk import ScriptDesk
from webtv.prompts.grammar import GrammarWriter
from webtv.prompts.lexicon import load_lexicon
from webtv.prompts.memory import Memory
from webtv.prompts.rules import broken_rules
from webtv.prompts.safety import SafetyFilter
from webtv.prompts.sequence import SequencePlan
from webtv.prompts.wording import Avoidance
from webtv.prompts.writer import Brief
from webtv.testing.clock import VirtualClock
from webtv.themes.channel import Channel

SHIPPED = Path(__file__).parents[2] / "channels"
NUMBERS = {"one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"}
SOUNDS = {
    "",
    "waves",
    "light rain",
    "wind",
    "birds",
    "city hum",
    "crickets",
    "underwater",
    "train",
    "falling snow",
}


def shipped_channels() -> dict[str, Channel]:
    found = {
        path.stem: Channel.model_validate(YAML(typ="safe").load(path.read_text("utf-8")))
        for path in sorted(SHIPPED.glob("*.yaml"))
    }
    return {**{f"{slug} as here": channel for slug, channel in CHANNELS.items()}, **found}


def words_without_numbers(text: str) -> frozenset[str]:
    """Lower-case words, numbers removed: written here anew, so that the measure does not test itself."""
    return frozenset(re.findall(r"[a-z]+", text.lower())) - NUMBERS


def worst_likeness(texts: list[str]) -> float:
    vocabulary: dict[str, int] = {}
    sets = [  # as bits: half a million pairs take a fraction of a second
        sum(1 << vocabulary.setdefault(word, len(vocabulary)) for word in words_without_numbers(text))
        for text in texts
    ]
    return max(
        (one & other).bit_count() / (one | other).bit_count()
        for one, other in itertools.combinations(sets, 2)
    )


async def write(channel: Channel, seeds: range, slug: str = "sample") -> list[SequencePlan]:
    writer = GrammarWriter()
    return [await writer.write(Brief(slug, channel, seed)) for seed in seeds]


@pytest.mark.parametrize("slug", shipped_channels())
async def test_no_two_of_a_thousand_prompts_are_alike(slug: str) -> None:
    channel = shipped_channels()[slug]
    desk = ScriptDesk(
        None,
        GrammarWriter(),
        safety=SafetyFilter(),
        memory=Memory(),
        events=(events := EventLog()),
        clock=VirtualClock(),
    )
    texts: list[str] = []
    seed = 0
    while len(texts) < 1000:
        plan = await desk.write(slug, channel, seed)
        texts += [shot.text for shot in plan.shots]
        seed += 1
    assert worst_likeness(texts[:1000]) <= 0.8
    assert not events.recent


@pytest.mark.parametrize("slug", CHANNELS)
async def test_the_writer_alone_rarely_needs_its_memory(slug: str) -> None:
    plans = await write(CHANNELS[slug], range(60))
    assert worst_likeness([shot.text for plan in plans for shot in plan.shots]) <= 0.8
    assert len({plan.title for plan in plans}) > 40


async def test_the_same_brief_gives_the_same_sequence_whatever_was_written_before() -> None:
    fresh, used = GrammarWriter(), GrammarWriter()
    for seed in range(5):
        await used.write(brief(CHANNELS["night-line"], seed))
    assert await fresh.write(brief(seed=99)) == await used.write(brief(seed=99))


async def test_the_seed_the_slug_and_what_was_written_lately_make_a_difference() -> None:
    writer = GrammarWriter()
    one = await writer.write(Brief("a", TIDELINE, 1))
    assert one != await writer.write(Brief("a", TIDELINE, 2))
    assert one.shots != (await writer.write(Brief("b", TIDELINE, 1))).shots
    again = await writer.write(Brief("a", TIDELINE, 1, recent=(one.title, *(s.text for s in one.shots))))
    assert again.title != one.title


@pytest.mark.parametrize("slug", shipped_channels())
async def test_prompts_keep_the_rules_and_pass_the_filter(slug: str) -> None:
    channel = shipped_channels()[slug]
    judge = SafetyFilter()
    for plan in await write(channel, range(60), slug):
        assert broken_rules(plan, channel) == ()
        assert judge.judge_plan(plan, channel.rating).allowed
        assert plan.music.ambience in SOUNDS


async def test_each_shot_repeats_its_context_in_the_right_order() -> None:
    for slug, channel in CHANNELS.items():
        for plan in await write(channel, range(20), slug):
            for shot in plan.shots:
                text = shot.text.lower()
                places = [
                    text.index(part.lower())
                    for part in (shot.subject, shot.action, shot.setting, shot.light, shot.palette, shot.mood)
                ]
                assert places == sorted(places)
                assert text.rindex("camera: ") > text.index("style: ") > text.index("colours: ")
                assert shot.camera.split(", ")[-1] in text[text.rindex("camera: ") :]


async def test_shots_of_a_sequence_share_cast_place_light_and_palette_and_differ_in_the_rest() -> None:
    for slug, channel in CHANNELS.items():
        for plan in await write(channel, range(30), slug):
            for name in ("subject", "setting", "light", "palette", "style", "mood"):
                assert len({getattr(shot, name) for shot in plan.shots}) == 1, name
            assert len({shot.action for shot in plan.shots}) == len(plan.shots)
            assert len({shot.camera for shot in plan.shots}) == len(plan.shots)
            framings = {shot.camera.split(",")[0] for shot in plan.shots}
            assert len(framings) >= 3


async def test_the_theme_decides_what_is_shown() -> None:
    tide = " ".join(p.shots[0].text for p in await write(CHANNELS["tideline"], range(80))).lower()
    city = " ".join(p.shots[0].text for p in await write(CHANNELS["night-line"], range(80))).lower()
    tales = " ".join(p.shots[0].text for p in await write(CHANNELS["meadow-tales"], range(80))).lower()
    for word in ("gull", "whale", "fish", "boat", "harbour", "underwater", "lighthouse"):
        assert word in tide
    for word in ("train", "cat", "taxi", "umbrella", "neon", "rain", "night"):
        assert word in city
    for word in ("fox", "hare", "hedgehog", "owl", "meadow", "forest", "snow", "watercolour"):
        assert word in tales
    assert "underwater" not in city + tales
    assert "neon" not in tide + tales
    assert "day," not in city


async def test_a_theme_that_the_lexicon_does_not_know_brings_its_own_nouns() -> None:
    channel = Channel(name="Odd", theme="A museum of typewriters, paper whirligigs and clockwork robots")
    subjects = {plan.shots[0].subject for plan in await write(channel, range(60))}
    assert any("typewriter" in subject for subject in subjects)
    assert any("paper whirligig" in subject for subject in subjects)
    assert any("clockwork robot" in subject for subject in subjects)
    assert len(subjects) > 12


@pytest.mark.parametrize("theme", ["x", "…", "猫と月", "very slowly", "No people, no cars", "the the the"])
async def test_any_theme_gives_sensible_prompts(theme: str) -> None:
    channel = Channel(name="C", theme=theme)
    plans = await write(channel, range(10))
    assert len({plan.shots[0].text for plan in plans}) == 10
    assert all(broken_rules(plan, channel) == () for plan in plans)


async def test_what_a_theme_excludes_is_not_shown() -> None:
    channel = Channel(name="C", theme="Animals of the forest without foxes or owls, no snow, never fog.")
    for plan in await write(channel, range(60)):
        for shot in plan.shots:
            asked = " ".join(v for k, v in shot.to_json().items() if k != "negative").lower()
            assert not re.search(r"\b(?:fox(?:es)?|owls?|snow|fog)\b", asked)
            assert "foxes" in shot.negative


async def test_lens_names_of_a_style_do_not_reach_the_prompts() -> None:
    for plan in await write(TIDELINE, range(20)):
        assert not re.search(r"imax|canon|eos", " ".join(s.text for s in plan.shots), re.IGNORECASE)
    for plan in await write(CHANNELS["night-line"], range(20)):
        assert not re.search(r"drone|footage", " ".join(s.text for s in plan.shots), re.IGNORECASE)


def lexicon_words() -> list[str]:
    lexicon = load_lexicon()
    words: set[str] = set()
    for subject in lexicon.subjects.values():
        words.update(subject.words, *(phrase.split() for phrase in (*subject.moves, *subject.acts)))
    for family in lexicon.families.values():
        words.update(family.words, *(place.name.split() for place in family.places))
    return sorted(word for word in words if word.isalpha() and len(word) > 2)


@given(st.lists(st.sampled_from(lexicon_words()), min_size=1, max_size=8), st.integers(0, 2**63 - 1))
def test_avoided_words_are_never_asked_for(avoid: list[str], seed: int) -> None:
    channel = TIDELINE.model_copy(update={"avoid": tuple(avoid)})
    coroutine = GrammarWriter().write(brief(channel, seed))
    with pytest.raises(StopIteration) as finished:
        coroutine.send(None)
    plan: SequencePlan = finished.value.value
    for shot in plan.shots:
        asked = [value for name, value in shot.to_json().items() if name != "negative"]
        for word in avoid:
            shown = re.compile(rf"\b{re.escape(word)}s?\b", re.IGNORECASE)
            assert not any(shown.search(text) for text in (*asked, plan.title, plan.music.mood)), word
            assert word in shot.negative


async def test_music_follows_the_channel() -> None:
    channel = CHANNELS["tideline"].model_copy(
        update={"music": Channel(name="c", theme="t", music={"mood": "tense", "tempo": 61}).music}
    )
    plans = await write(channel, range(40))
    assert {plan.music.instruments[0] for plan in plans} == {channel.music.instruments[0]}
    assert all(set(plan.music.instruments) == set(channel.music.instruments) for plan in plans)
    assert all(plan.music.mood.startswith("tense") for plan in plans)
    assert len({plan.music.tempo for plan in plans}) > 4
    assert len({plan.music.mood for plan in plans}) > 1


async def test_sounds_come_from_the_place() -> None:
    for plan in await write(TIDELINE, range(60)):
        if "underwater" in plan.shots[0].setting:
            assert plan.music.ambience == "underwater"
        else:
            assert plan.music.ambience in {"waves", "light rain", "wind"}


async def test_titles_are_short_and_name_what_is_there() -> None:
    for slug, channel in CHANNELS.items():
        for plan in await write(channel, range(60), slug):
            assert 2 < len(plan.title) <= 44
            assert plan.title[0].isupper()
            assert "{" not in plan.title


async def test_nobody_is_seen_where_it_cannot_be() -> None:
    channel = Channel(name="C", theme="Butterflies, bumblebees, hares and owls in meadows and snow villages")
    for plan in await write(channel, range(120)):
        shot = plan.shots[0]
        if "butterfl" in shot.subject or "bee" in shot.subject:
            assert not re.search(r"village|winter|snow(?!-)", shot.setting), shot.setting
            assert "night" not in shot.light
        if "owl" in shot.subject:
            assert not shot.light.startswith(("day", "broad", "mid-morning"))


def test_no_slot_of_a_template_stays_open() -> None:
    lexicon = load_lexicon()
    known = {"way", "over", "its"}
    for subject in lexicon.subjects.values():
        for phrase in (*subject.moves, *subject.acts, *subject.close):
            assert {slot.split()[0] for slot in re.findall(r"\{([^}]*)\}", phrase)} <= known, phrase


def test_every_subject_has_a_home_and_ground_there() -> None:
    lexicon = load_lexicon()
    for subject in lexicon.subjects.values():
        for home in subject.live:
            places = lexicon.families[home].places
            assert any(subject.kind in place.grounds for place in places), (subject.key, home)


def test_the_lexicon_itself_passes_the_filter_for_everyone() -> None:
    lexicon = load_lexicon()
    judge = SafetyFilter()
    phrases = [p for s in lexicon.subjects.values() for p in (s.one, s.many, *s.moves, *s.acts, *s.close)]
    for family in lexicon.families.values():
        phrases += family.stirrings
        phrases += [p for place in family.places for p in (place.name, *place.details, *place.front)]
    gear = Avoidance(lexicon.voice.gear)
    for phrase in phrases:
        assert judge.judge(phrase, Channel(name="c", theme="t").rating).allowed, phrase
        assert not gear.hits(phrase), phrase
