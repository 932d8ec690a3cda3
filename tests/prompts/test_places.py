"""The writer's places and subjects against the scenes that will draw them."""

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from webtv.prompts.grammar import GrammarWriter
from webtv.prompts.lexicon import Subject, load_lexicon
from webtv.prompts.rules import broken_rules
from webtv.prompts.safety import SafetyFilter
from webtv.prompts.sequence import SequencePlan, ShotPrompt
from webtv.prompts.theme import read_theme
from webtv.prompts.writer import Brief
from webtv.studio.procedural.figures import FIGURES
from webtv.studio.procedural.music.ambience import understand_ambience
from webtv.studio.procedural.words.lexicon import read
from webtv.themes.channel import Channel

SHIPPED = Path(__file__).parents[2] / "channels"
# family of the lexicon -> the scene that draws it, a theme, and what is heard there
SCENES = {
    "interior": ("interior", "Books and cats in a library, by a fireplace, in an attic.", "clock fire"),
    "kitchen": ("interior", "Bread, teapots and apples in a country kitchen and a bakery.", "kettle clock"),
    "hall": ("hall", "A concert hall, an old theatre and a jazz club: cellos, pianos, dancers.", "hall"),
    "circus": ("hall", "Acrobats and clowns in a travelling circus.", "hall"),
    "desert": ("desert", "Camels cross the dunes of a desert; a canyon, an oasis, cacti.", "dunes crickets"),
    "savanna": ("desert", "Elephants, lions and giraffes of the savanna.", "dunes crickets"),
    "castle": ("castle", "Knights and ravens of a castle, swans in a moat, a ruin.", "wind birds rain snow"),
    "temple": ("castle", "Monks, cranes and paper lanterns of a mountain temple.", "wind birds rain snow"),
    "skies": ("skies", "Hot-air balloons, airliners and eagles above the clouds.", "heights"),
    "ice": ("ice", "Penguins, seals and polar bears among the icebergs of a polar sea.", "ice wind snow"),
}  # fmt: skip
SHIPPED_FAMILIES = {
    "tideline": {"coast", "harbour", "underwater"},
    "night-line": {"city", "train", "window"},
    "meadow-tales": {"forest", "meadow", "mountains", "village"},
}


async def write(theme: str, seeds: range) -> list[SequencePlan]:
    writer = GrammarWriter()
    channel = Channel(name="Sample", theme=theme)
    return [await writer.write(Brief("sample", channel, seed)) for seed in seeds]


def shot_of(**fields: str) -> ShotPrompt:
    empty = dict.fromkeys(ShotPrompt.__dataclass_fields__, "")
    return ShotPrompt(**{**empty, "subject": "a cat", **fields})


def figures_in(told: str) -> set[str]:
    return {member.kind for member in read(shot_of(subject=told)).cast}


def residents() -> list[Subject]:
    return [subject for subject in load_lexicon().subjects.values() if subject.live & SCENES.keys()]


@pytest.mark.parametrize("family", SCENES)
async def test_a_theme_of_a_place_is_drawn_there_with_its_cast(family: str) -> None:
    scene, theme, _ = SCENES[family]
    for seed, plan in enumerate(await write(theme, range(12))):
        for number, shot in enumerate(plan.shots):
            spec = read(shot, number, seed)
            assert spec.family == scene, (shot.setting, shot.subject, shot.action)
            drawn = {member.kind for member in spec.cast}
            assert figures_in(shot.subject) <= drawn <= FIGURES.keys(), shot.subject
            assert drawn, shot.subject


@pytest.mark.parametrize("family", SCENES)
async def test_a_place_brings_its_own_cast_when_the_theme_names_none(family: str) -> None:
    word = load_lexicon().families[family].words[0]
    plans = await write(f"The quiet {word}.", range(16))
    assert len({plan.shots[0].subject.split()[-1] for plan in plans}) > 1
    for seed, plan in enumerate(plans):
        assert (
            broken_rules(plan, Channel(name="Sample", theme="x", sequence={"shots": len(plan.shots)})) == ()
        )
        for number, shot in enumerate(plan.shots):
            spec = read(shot, number, seed)
            assert spec.family == SCENES[family][0], (shot.setting, shot.subject, shot.action)
            assert spec.cast, shot.subject


@pytest.mark.parametrize("family", SCENES)
def test_every_place_of_a_family_reads_as_its_scene(family: str) -> None:
    for place in load_lexicon().families[family].places:
        assert read(shot_of(subject="", setting=f"{place.at} {place.name}")).family == SCENES[family][0], (
            place.name
        )


def test_whoever_lives_there_is_one_figure_in_every_number_and_colour() -> None:
    for subject in residents():
        kinds = figures_in(f"a {subject.one}")
        assert len(kinds) == 1, subject.key
        assert kinds <= FIGURES.keys(), subject.key
        told = [subject.many, *(f"{count} {subject.many}" for count in subject.counts)]
        told += [f"a {colour} {subject.one}" for colour in subject.colours]
        assert {text: figures_in(text) for text in told} == dict.fromkeys(told, kinds)


def test_what_they_do_brings_nobody_else_into_the_picture() -> None:
    for subject in residents():
        for phrase in (*subject.moves, *subject.acts, *subject.close):
            plain = (
                re.sub(r"\{its(?: (\w+))?\}", r"its \1", phrase).replace("{way}", "").replace("{over}", "")
            )
            brought = {member.kind for member in read(shot_of(subject="", action=plain)).cast}
            assert brought <= figures_in(subject.one), phrase


@pytest.mark.parametrize("family", [key for key in SCENES if load_lexicon().families[key].lights])
def test_light_told_in_the_words_of_a_place_keeps_its_time(family: str) -> None:
    for time, phrases in load_lexicon().families[family].lights.items():
        for phrase in phrases:
            assert read(shot_of(light=phrase, setting="in a library")).time == time, phrase


@pytest.mark.parametrize("family", ["interior", "kitchen", "hall", "circus", "desert", "savanna"])
def test_weather_told_in_the_words_of_a_place_is_read_as_that_weather(family: str) -> None:
    entry = load_lexicon().families[family]
    for weather, phrases in entry.skies.items():
        for phrase in phrases:
            for place in entry.places:
                setting = f"{place.at} {place.name}, {phrase}"
                assert read(shot_of(setting=setting)).weather == weather, setting


@pytest.mark.parametrize("family", SCENES)
async def test_a_place_sounds_like_itself(family: str) -> None:
    _, theme, heard = SCENES[family]
    sounds = {plan.music.ambience for plan in await write(theme, range(40))}
    layers = {layer for sound in sounds for layer in understand_ambience(sound)[0]}
    assert layers <= set(heard.split())
    assert heard.split()[0] in layers


@pytest.mark.parametrize(
    ("theme", "heard"),
    [
        ("Trains: a railway journey in a sleeper train in the rain.", "train"),
        ("Planets and galaxies in deep space.", "space"),
        ("Foxes in a snow village under falling snow.", "snow"),
    ],
)
async def test_train_space_and_snow_are_no_longer_silent(theme: str, heard: str) -> None:
    for plan in await write(theme, range(20)):
        assert heard in understand_ambience(plan.music.ambience)[0], plan.music.ambience


async def test_a_framing_that_makes_no_sense_at_a_place_is_never_used() -> None:
    framings = load_lexicon().voice.framings
    for theme, never in (
        (SCENES["skies"][1], ("low", "through")),
        (SCENES["kitchen"][1], ("high", "follow")),
    ):
        banned = {shot for key in never for shot in framings[key].shot}
        for plan in await write(theme, range(30)):
            assert banned.isdisjoint(shot.camera.split(", ")[0] for shot in plan.shots)


@pytest.mark.parametrize("slug", SHIPPED_FAMILIES)
def test_the_shipped_channels_stay_where_they_are_at_home(slug: str) -> None:
    data = YAML(typ="safe").load((SHIPPED / f"{slug}.yaml").read_text("utf-8"))
    reading = read_theme(Channel.model_validate(data), load_lexicon())
    found = {place.family for pairing in reading.pairings for place, _ in pairing.places}
    assert found == SHIPPED_FAMILIES[slug]


def test_every_word_of_the_new_places_passes_the_filter_for_everyone() -> None:
    judge, rating = SafetyFilter(), Channel(name="c", theme="t").rating
    for key in SCENES:
        family = load_lexicon().families[key]
        phrases = [*family.stirrings, *(p for group in family.lights.values() for p in group)]
        phrases += [p for group in family.skies.values() for p in group]
        for place in family.places:
            phrases += [place.name, *place.behind, *place.front, *place.details, *place.grounds.values()]
        for phrase in phrases:
            assert judge.judge(phrase, rating).allowed, phrase
