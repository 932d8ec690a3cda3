import pytest
from hypothesis import given
from hypothesis import strategies as st

from webtv.core.errors import InputError
from webtv.library.ratings import Ratings, bayesian_mean


async def test_a_viewer_has_one_rating_and_may_change_it(house):
    ratings = Ratings(house.database, house.clock)
    clip = (await house.catalogue.sequence(await house.make())).clips[0].id
    nothing = await ratings.summary(clip)
    assert (nothing.votes, nothing.mean, nothing.stars) == (0, None, 3.0)
    await ratings.rate(clip, "ann", 1)
    first = await ratings.rate(clip, "ann", 5)
    assert (first.votes, first.mean) == (1, 5.0)
    both = await ratings.rate(clip, "bob", 2)
    assert (both.votes, both.mean, both.stars) == (2, 3.5, pytest.approx(22 / 7))
    assert await ratings.summary(clip) == both


@pytest.mark.parametrize("stars", [0, 6, -1])
async def test_only_one_to_five_stars(house, stars):
    clip = (await house.catalogue.sequence(await house.make())).clips[0].id
    with pytest.raises(InputError, match="stars"):
        await Ratings(house.database, house.clock).rate(clip, "ann", stars)


async def test_only_clips_that_are_there(house):
    with pytest.raises(InputError, match="no such clip"):
        await Ratings(house.database, house.clock).rate("0000000000000", "ann", 3)


@given(st.lists(st.integers(1, 5), max_size=60))
def test_the_bayesian_mean_lies_between_the_prior_and_the_votes(stars):
    mean = bayesian_mean(sum(stars), len(stars))
    plain = sum(stars) / len(stars) if stars else 3.0
    assert min(plain, 3.0) - 1e-9 <= mean <= max(plain, 3.0) + 1e-9
    if plain > 3.0:
        assert bayesian_mean(sum(stars) * 2, len(stars) * 2) > mean, "more voices weigh more"
