"""Which children there are: budgets, turns, renewal, what is said of them."""

import asyncio
import json

import contract
import numpy as np
import pytest
from hosting_house import Ears, Gate, environment, pool, soon, stand_in

from webtv.core.errors import ConfigError, InternalError
from webtv.studio.hosting.adapters import hosted
from webtv.studio.hosting.environment import child_environment
from webtv.studio.hosting.limits import Recycling
from webtv.studio.hosting.spec import ModelSpec
from webtv.studio.hosting.status import State
from webtv.studio.progress import heard

REQUEST = contract.shot_request()
MB = 1 << 20


async def test_the_model_that_was_used_longest_ago_makes_room() -> None:
    async with pool(ears := Ears(), vram_gb=24) as opened:
        a, b, c = (stand_in(opened, "Plain", vram=10.0, name=name) for name in "abc")
        for maker in (a, b, a, c):
            await contract.frames_of(maker.shoot(REQUEST))
        assert ears.kinds() == ["started", "started", "evicted", "started"]
        assert ears.events[2].data["model"] == ModelSpec("shot", b._spec.options).key
        assert [item.state for item in opened.status()] == [State.IDLE, State.IDLE, State.ABSENT]


async def test_processes_are_counted_as_well() -> None:
    async with pool(ears := Ears(), children=2) as opened:
        for name in "abc":
            await contract.frames_of(stand_in(opened, "Plain", name=name).shoot(REQUEST))
        assert ears.kinds() == ["started", "started", "evicted", "started"]


async def test_a_model_that_can_never_fit_is_refused_with_both_numbers() -> None:
    async with pool(ears := Ears(), vram_gb=24) as opened:
        with pytest.raises(ConfigError, match="takes 40 GB of device memory, and 24 GB") as caught:
            await contract.frames_of(stand_in(opened, "Plain", vram=40.0).shoot(REQUEST))
        assert not caught.value.retryable
        assert caught.value.remedy
    assert ears.events == []


async def test_what_was_measured_counts_more_than_what_was_declared() -> None:
    async with pool(ears := Ears(), vram_gb=24) as opened:
        modest = stand_in(opened, "Leaking", vram=20.0, gpu=4_500_000_000)
        await contract.frames_of(modest.shoot(REQUEST))
        assert opened.status()[0].peak == 4_500_000_000
        await contract.frames_of(stand_in(opened, "Plain", vram=19.0).shoot(REQUEST))
        assert ears.kinds() == ["started", "started"], "5 and 19 GB fit beside each other"
        greedy = stand_in(opened, "Leaking", vram=1.0, gpu=30_000_000_000)
        await contract.frames_of(greedy.shoot(REQUEST))
        await contract.frames_of(modest.shoot(REQUEST))
        await soon(contract.frames_of(greedy.shoot(REQUEST)))
        assert ears.kinds()[2:].count("evicted") >= 3, "it fits alone, whatever was measured"


async def test_a_busy_model_is_waited_for_in_order(gate: Gate) -> None:
    async with pool(ears := Ears(), vram_gb=16) as opened:
        slow = stand_in(opened, "Gated", gate=gate.path, vram=10.0)
        other = stand_in(opened, "Plain", vram=10.0)
        done: list[str] = []

        async def make(maker: object, name: str) -> None:
            await contract.frames_of(maker.shoot(REQUEST))  # type: ignore[attr-defined]
            done.append(name)

        with heard(ears.hear):
            tasks = [asyncio.ensure_future(make(slow, "first"))]
        await ears.steps(1)
        asked = [(slow, "second"), (other, "third"), (slow, "fourth")]
        tasks += [asyncio.ensure_future(make(maker, name)) for maker, name in asked]
        await asyncio.sleep(0)
        assert [item.queue for item in opened.status()] == [2, 1]
        gate.open(15)
        await soon(asyncio.gather(*tasks))
        assert done == ["first", "second", "third", "fourth"]
        assert ears.kinds() == ["started", "evicted", "started", "evicted", "started"]


async def test_a_child_is_renewed_after_so_many_requests() -> None:
    async with pool(ears := Ears(), recycling=Recycling(jobs=2)) as opened:
        maker = stand_in(opened, "Plain")
        pids = []
        for _ in range(5):
            await contract.frames_of(maker.shoot(REQUEST))
            pids.append(next(e.data for e in reversed(ears.events) if e.kind == "studio.model.started"))
        assert ears.kinds().count("started") == 3
        assert [e.message for e in ears.events if e.kind == "studio.model.recycled"] == [
            "studio.shot Plain: has served 2 requests"
        ] * 2


@pytest.mark.parametrize(
    ("what", "size", "said"), [("rss", 40 * MB, "its memory"), ("gpu", 40 * MB, "its device memory")]
)
async def test_a_model_that_leaks_is_renewed(what: str, size: int, said: str) -> None:
    recycling = Recycling(rss_bytes=100 * MB, vram_bytes=100 * MB)
    async with pool(ears := Ears(), recycling=recycling) as opened:
        maker = stand_in(opened, "Leaking", **{what: size})
        for jobs in (1, 2, 3, 4):
            await contract.frames_of(maker.shoot(REQUEST))
            assert opened.status()[0].jobs == jobs
        await contract.frames_of(maker.shoot(REQUEST))  # 120 MB more than after the second
        assert ears.kinds() == ["started", "recycled"]
        assert f"{said} has grown by 1" in ears.events[1].message
        assert opened.status()[0].state is State.ABSENT
        await contract.frames_of(maker.shoot(REQUEST))
        assert opened.status()[0].jobs == 1


async def test_a_steady_model_is_not_renewed() -> None:
    recycling = Recycling(rss_bytes=20 * MB, vram_bytes=1)
    async with pool(ears := Ears(), recycling=recycling) as opened:
        maker = stand_in(opened, "Plain", chunks=50)
        for _ in range(20):
            await contract.frames_of(maker.shoot(REQUEST))
        assert ears.kinds() == ["started"]


async def test_status_is_plain_json(gate: Gate) -> None:
    async with pool(ears := Ears()) as opened:
        assert opened.status() == []
        with heard(ears.hear):
            made = asyncio.ensure_future(
                contract.frames_of(stand_in(opened, "Gated", gate=gate.path).shoot(REQUEST))
            )
        for _ in range(5):
            await asyncio.sleep(0)
        assert opened.status()[0].state is State.STARTING
        await ears.steps(1)
        gate.open(5)
        await made
        (said,) = json.loads(json.dumps([item.to_json() for item in opened.status()]))
        assert (said["stage"], said["adapter"], said["state"], said["jobs"]) == ("shot", "Gated", "idle", 1)
        assert said["rss"] > 10 * MB
        assert said["pid"] > 1


async def test_a_child_knows_only_the_environment_that_it_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBTV_OPENAI_API_KEY", "sk-secret")
    async with pool(Ears(), env=environment(GREETING="hello")) as opened:
        seen = await stand_in(opened, "Plain", "write").call("environment", {})
    assert seen["GREETING"] == "hello"
    assert seen["OMP_NUM_THREADS"] == "1"
    assert "sk-secret" not in str(seen)


def test_only_harmless_variables_are_passed_on() -> None:
    inherited = {
        "PATH": "/bin",
        "HF_HOME": "/models",
        "HF_TOKEN": "hf_x",
        "CUDA_VISIBLE_DEVICES": "1",
        "CUDA_API_KEY": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "WEBTV_OUTPUTS": "rtmp://live/key",
    }
    passed = child_environment(inherited, threads=3, extra={"WEBTV_DATA": "/data"})
    assert passed["OMP_NUM_THREADS"] == "3"
    assert inherited.keys() & passed.keys() == {"PATH", "HF_HOME", "CUDA_VISIBLE_DEVICES"}
    assert passed["WEBTV_DATA"] == "/data"


def test_a_spec_is_its_content() -> None:
    spec = ModelSpec("shot", {"use": "wan", "steps": 4})
    assert spec == ModelSpec("shot", {"steps": 4, "use": "wan"})
    assert len({spec, ModelSpec("upscale", spec.options), ModelSpec("shot", {"use": "wan"})}) == 3
    assert (spec.adapter, spec.place) == ("wan", "studio.shot wan")
    with pytest.raises(ConfigError, match="cannot be handed to another process"):
        ModelSpec("shot", {"use": "wan", "frames": np.zeros(1)})
    with pytest.raises(ConfigError):
        ModelSpec("shot", {"use": "wan", "guidance": float("nan")})


async def test_a_stage_that_there_is_not_is_refused() -> None:
    async with pool(Ears()) as opened:
        with pytest.raises(InternalError, match="no stage 'sing'"):
            hosted(opened, "sing", {"use": "Plain"}, None)
