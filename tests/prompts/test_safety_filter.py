import codecs
from importlib.resources import files

import pytest
from prompt_samples import TIDELINE, brief

from webtv.prompts.grammar import GrammarWriter
from webtv.prompts.safety import SafetyFilter
from webtv.prompts.sequence import SequencePlan
from webtv.themes.channel import Rating

JUDGE = SafetyFilter()

BENIGN = """\
Scunthorpe station in the rain
a cockatoo and an assassin bug on a branch
grape vines and a shelf of Dickens in the library
a blood orange on a plate under a blood moon
killer whales off the coast, sperm whales breaching
great tits and blue tits at a feeder in the snow
the pen is on the table
a class of glass shapes, tall grass, a mountain pass
shiitake mushrooms after rain
a bass guitar, a night in Essex, Sussex and Middlesex
peacocks, weathercocks and cocktail glasses
an analysis of canals
a trumpet player and a trumpet vine
an apple orchard, the Amazon river, a jaguar, a puma, a dove, a shell on a beach
a rape field in bloom, yellow rape to the horizon
blue-footed boobies diving
drapes in a skyscraper window, scraped paint
a dyke along the canal, a chink of light
a spice market at dusk
shooting stars over mountains 8,000 ft high
a bumblebee, a snigger, niggling drizzle
hoarfrost on whorled shells by the shore
cumulus clouds over cucumbers
pussy willow catkins in a vase
a mandarin duck on a duckpond
virgin forest and the mother lode
letters a b c d e f g on wooden blocks
a tom cat sitting on a wet seat!
Nice, Cannes and Assisi in spring
naked branches against the sky
pistol shrimp in a coral garden
a nightjar, a nuthatch, a shag drying its wings
100 % of the 12 boats returned by 5 pm
two red foxes trotting from left to right through fresh snow at dawn
wet neon street, taxis waiting, umbrellas crossing, steam rising
a hedgehog with an apple on its back in a flowering meadow
waves folding over wet sand, gulls hanging on the wind
titanium roofs, a titmouse, the title of a book
""".splitlines()

DISGUISED = [
    "fuck",
    "f u c k",
    "f.u.c.k",
    "f-u-c-k you",
    "fuuuuuck",
    "fu\u200bck",
    "ｆｕｃｋ",
    "f*ck",
    "fυck",
    "ƒцсk",
    "𝓯𝓾𝓬𝓴",
    "fu\u0308ck",
    "FÚCK",
    "🇫🇺🇨🇰",
    "p0rn",
    "pоrn",
    "🅿🅾🆁🅽",
    "p_o_r_n",
    "pørn",
    "sh1t",
    "$hit",
    "5h!t",
    "shiiiit",
    "b!tch",
    "n4ked woman",
    "raping",
    "disembowelled",
]


def slurs() -> list[str]:
    text = files("webtv.prompts.wordlists").joinpath("slurs.mature.rot13.txt").read_text("utf-8")
    return [codecs.decode(line, "rot13") for line in text.splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("text", BENIGN)
def test_ordinary_prompts_pass(text: str) -> None:
    assert JUDGE.judge(text, Rating.EVERYONE).reasons == ()


@pytest.mark.parametrize("text", DISGUISED)
def test_disguises_are_seen_through(text: str) -> None:
    verdict = JUDGE.judge(f"a quiet harbour, {text}, at dawn", Rating.EVERYONE)
    assert not verdict.allowed


def test_slurs_are_refused_everywhere_in_any_spelling() -> None:
    lookalikes = str.maketrans("aeiocpx", "аеіосрх")
    for slur in slurs():
        for spelling in (slur, slur.upper(), slur + "s", slur.translate(lookalikes), "\u200d".join(slur)):
            verdict = JUDGE.judge(f"the {spelling} here", Rating.MATURE)
            assert {reason.category for reason in verdict.reasons} == {"slurs"}


def test_reasons_name_the_category_and_mask_the_term() -> None:
    verdict = JUDGE.judge("a mickey mouse balloon and a bloody knife", Rating.EVERYONE)
    assert {(reason.category, reason.term) for reason in verdict.reasons} == {
        ("brands", "m***** m****"),
        ("gore", "b*****"),
    }
    assert str(verdict.reasons[0]).startswith(verdict.reasons[0].category)


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("a bikini on a line", {Rating.EVERYONE}),
        ("blood on the snow", {Rating.EVERYONE}),
        ("a nude statue", {Rating.EVERYONE, Rating.TEEN}),
        ("a corpse in the reeds", {Rating.EVERYONE, Rating.TEEN}),
        ("pornography", set(Rating)),
        ("a swastika", set(Rating)),
        ("a snuff film", set(Rating)),
        ("a heron in the reeds", set()),
    ],
)
def test_ratings_include_each_other(text: str, refused: set[Rating]) -> None:
    assert {rating for rating in Rating if not JUDGE.judge(text, rating).allowed} == refused


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("Taylor Swift sings", "people"),
        ("taylorswift", "people"),
        ("Beyoncé on a stage", "people"),
        ("by Greg Rutkowski", "artists"),
        ("in the style of Hayao Miyazaki", "artists"),
        ("Wong Kar-wai lighting", "artists"),
        ("a Coca-Cola sign", "brands"),
        ("Spider-Man swings", "brands"),
        ("Сoса Соlа", "brands"),
    ],
)
def test_names_are_refused(text: str, category: str) -> None:
    reasons = JUDGE.judge(text, Rating.MATURE).reasons
    assert category in {reason.category for reason in reasons}


def test_the_operator_may_allow_names_but_not_other_words() -> None:
    judge = SafetyFilter({"Hayao Miyazaki", "Coca-Cola", "porn"})
    assert judge.judge("in the style of Hayao Miyazaki", Rating.EVERYONE).allowed
    assert judge.judge("miyazaki clouds, a coca cola sign", Rating.EVERYONE).allowed
    assert not judge.judge("Studio Ghibli clouds", Rating.EVERYONE).allowed
    assert not judge.judge("porn", Rating.MATURE).allowed


async def plan_with(**changes: str) -> SequencePlan:
    plan = await GrammarWriter().write(brief(TIDELINE))
    shot = type(plan.shots[0]).from_json({**plan.shots[1].to_json(), **changes})
    shots = (plan.shots[0], shot, *plan.shots[2:])
    return SequencePlan(plan.title, shots, plan.music, plan.seed, plan.writer)


@pytest.mark.parametrize(
    "part", ["subject", "action", "setting", "camera", "light", "palette", "style", "mood", "text"]
)
async def test_every_part_of_a_plan_is_judged(part: str) -> None:
    verdict = JUDGE.judge_plan(await plan_with(**{part: "a Netflix logo"}), Rating.MATURE)
    assert [reason.place for reason in verdict.reasons] == [f"shot 2 {part}"]


async def test_the_title_is_judged_and_what_is_forbidden_is_not() -> None:
    plan = await plan_with(negative="blood, nude, porn, netflix")
    assert JUDGE.judge_plan(plan, Rating.EVERYONE).allowed
    named = SequencePlan("Porn at Dawn", plan.shots, plan.music, plan.seed, plan.writer)
    assert [reason.place for reason in JUDGE.judge_plan(named, Rating.MATURE).reasons] == ["title"]


def test_any_text_is_judged_without_trouble() -> None:
    for text in ("", " ", "\x00\ud83d", "*" * 50, "#*#*", "a" * 5000, "f " * 2000, "1234567890" * 50):
        JUDGE.judge(text, Rating.EVERYONE)
