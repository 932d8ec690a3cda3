from prompt_samples import CHANNELS, TIDELINE, brief

from webtv.prompts.grammar import GrammarWriter
from webtv.prompts.memory import Memory
from webtv.prompts.sequence import SequencePlan
from webtv.prompts.wording import Avoidance, lemmas, tokens


async def written(seed: int, slug: str = "tideline") -> SequencePlan:
    return await GrammarWriter().write(brief(CHANNELS[slug], seed))


async def test_a_plan_is_like_itself_and_unlike_others() -> None:
    memory = Memory()
    plan = await written(1)
    assert memory.likeness("a", plan) is None
    memory.remember("a", plan)
    found = memory.likeness("a", plan)
    assert found is not None
    assert found.score == 1.0
    assert memory.likeness("a", await written(1, "night-line")) is None
    assert memory.likeness("b", plan) is None


async def test_the_same_prompt_under_another_title_is_noticed() -> None:
    memory = Memory()
    plan = await written(1)
    memory.remember("a", plan)
    renamed = SequencePlan("Another Title", plan.shots, plan.music, plan.seed, plan.writer)
    found = memory.likeness("a", renamed)
    assert found is not None
    assert found.earlier == plan.shots[0].text


async def test_numbers_do_not_make_a_prompt_new() -> None:
    memory = Memory()
    plan = await written(1)
    memory.remember("a", plan)
    shots = tuple(
        type(shot).from_json({**shot.to_json(), "text": f"{shot.text} 17 1848"}) for shot in plan.shots
    )
    assert memory.likeness("a", SequencePlan("Other", shots, plan.music, 2, "x")) is not None


async def test_a_plan_that_repeats_itself_is_noticed() -> None:
    plan = await written(1)
    twice = SequencePlan("T", (plan.shots[0], plan.shots[0]), plan.music, 1, "x")
    assert Memory().likeness("a", twice) is not None


async def test_the_score_is_the_share_of_common_words() -> None:
    memory = Memory(limit=0.5)
    plan = await written(1)

    def saying(title: str, text: str) -> SequencePlan:
        shot = type(plan.shots[0]).from_json({**plan.shots[0].to_json(), "text": text})
        return SequencePlan(title, (shot,), plan.music, 1, "x")

    memory.remember("a", saying("One", "a b c d"))
    found = memory.likeness("a", saying("Two", "A, b, C e!"))
    assert found is not None
    assert found.score == 3 / 5
    assert memory.likeness("a", saying("Three", "a b e f")) is None


async def test_memory_survives_a_flood_of_new_words() -> None:
    plan = await written(1)
    flood = [
        (f"Flood {'y' * k}", [" ".join(f"w{chr(97 + n % 26)}{'x' * (n // 26)}{'y' * k}" for n in range(520))])
        for k in range(50)
    ]
    memory = Memory({"a": flood}, prompts=50)
    memory.remember("a", plan)
    assert memory.likeness("a", SequencePlan("Other", plan.shots, plan.music, 1, "x")) is not None


async def test_memory_is_bounded_and_forgets_the_oldest() -> None:
    memory = Memory(prompts=8, titles=2)
    plans = [await written(seed) for seed in range(5)]
    for plan in plans:
        memory.remember("a", plan)
    assert memory.likeness("a", plans[0]) is None
    assert memory.likeness("a", plans[-1]) is not None


async def test_what_the_engine_kept_is_remembered() -> None:
    plan = await written(3)
    memory = Memory({"a": [("Older", ("something else",)), (plan.title, [shot.text for shot in plan.shots])]})
    assert memory.likeness("a", plan) is not None
    assert memory.recent("a")[:3] == ("Older", "something else", plan.title)
    assert memory.recent("a", sequences=1) == (plan.title, *(shot.text for shot in plan.shots))
    assert memory.recent("nobody") == ()


def test_likeness_is_measured_on_words() -> None:
    assert tokens("Two FOXES, 12 foxes!") == {"two", "foxes"}


def test_lemmas_undo_plurals_and_possessives() -> None:
    told = "Foxes' mice, the city's taxis; leaves, glass, buses, berries"
    assert lemmas(told) == ("fox", "mouse", "the", "city", "taxi", "leaf", "glass", "bus", "berry")


def test_avoidance_knows_inflections_and_scrubs() -> None:
    avoid = Avoidance(("Foxes", "oil spill", " "))
    assert avoid.hits("a red fox")
    assert avoid.hits("two oil spills")
    assert not avoid.hits("an oil lamp, a foxglove")
    assert avoid.scrub("a red fox, running over oil spills slowly") == "a red, running over slowly"
    assert TIDELINE.avoid[0] in Avoidance(TIDELINE.avoid).phrases
