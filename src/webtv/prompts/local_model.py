"""A language model of transformers on this machine: messages in, a text out, one token after another.

torch and transformers are imported when a model is loaded.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from webtv.core.errors import (
    ConfigError,
    QualityError,
    ResourceError,
    TransientError,
    WebTVError,
)
from webtv.core.libraries import best_device, is_unreachable, library, no_device, quiet_library
from webtv.prompts.answer import LONGEST_ANSWER, Reply, holds_object
from webtv.prompts.dialogue import Message

_LEAST = 64  # tokens of an answer below which there is no use in asking
_FOREVER = 1 << 30  # what tokenizers say for the context of models that never told them


@dataclass(frozen=True, slots=True)
class Chance:
    """How the next token is chosen.

    Attributes:
        seed: the same seed chooses the same tokens on the same device.
        temperature: 0 always takes the likeliest.
        top_p: share of the probability that may be chosen from.
    """

    seed: int
    temperature: float = 0.8
    top_p: float = 0.95


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a language model; it can be put to another process.

    Attributes:
        messages: the conversation so far, the last one a user's.
        chance: how tokens are chosen.
        tokens: of the answer at most.
        seconds: that the answer may take, loading not counted.
    """

    messages: Sequence[Message]
    chance: Chance
    tokens: int
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """A JSON-compatible dictionary."""
        return asdict(self)

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Self:
        """The inverse of :meth:`to_json`.

        Raises:
            TypeError: keys are missing or unknown.
            KeyError: it is not said how tokens are chosen.
        """
        return cls(**{**body, "chance": Chance(**body["chance"])})


class LocalModel:
    """A causal language model, loaded at the first question.

    Args:
        model: id on the hub, or the folder that holds the model.
        device: ``cpu``, ``cuda``, ``cuda:1``, ``mps``, or ``auto`` for the best one there is.
        dtype: precision of the weights; ``auto`` is full on a CPU and that of the files elsewhere.
        locate: says which folder, or id, a model's id stands for.
        place: of errors.
    """

    def __init__(
        self,
        model: str,
        *,
        device: str,
        dtype: str,
        locate: Callable[[str], str | Path],
        place: str,
    ) -> None:
        self._name = model
        self._wanted = device
        self._dtype = dtype
        self._locate = locate
        self._place = place
        self._torch: Any = None
        self._transformers: Any = None
        self._model: Any = None
        self._tokenizer: Any = None

    def answer(
        self, messages: Sequence[Message], chance: Chance, tokens: int, step: Callable[[int], None]
    ) -> Reply:
        """Write an answer, up to the brace that closes its first object.

        Args:
            messages: the conversation so far, the last one a user's.
            chance: how tokens are chosen.
            tokens: at most so many.
            step: called with the number of tokens written, before each; may raise.

        Raises:
            ComponentError: torch or transformers is not installed.
            ConfigError: there is no such model, or the conversation is longer than it can read.
            TransientError: it could not be fetched, or failed at work.
            ResourceError: the device is out of memory.
            QualityError: the model computes no numbers.
        """
        self.load()
        torch = self._torch
        asked = self._read(messages)
        length = int(asked["input_ids"].shape[1])
        room = min(tokens, self._context() - length)
        if room < _LEAST:
            raise ConfigError(
                f"the model reads {self._context()} tokens, and the request has {length}",
                place=self._place,
                remedy="choose a model with a longer context, or make the channel's sequences shorter",
            )
        # Some templates open the thoughts themselves.
        tail = self._tokenizer.decode(asked["input_ids"][0, -8:])
        thinks = "<think>" in tail and "</think>" not in tail
        end = _end_of_object(torch, self._transformers, self._tokenizer, length, thinks=thinks)
        dice = _dice(torch, self._transformers, chance, length, step, self._place)
        try:
            written = self._model.generate(
                **asked,
                generation_config=self._settings(room),
                logits_processor=self._transformers.LogitsProcessorList([dice]),
                stopping_criteria=self._transformers.StoppingCriteriaList([end]),
            )
        except (torch.OutOfMemoryError, MemoryError) as error:
            raise self._no_memory() from error
        except (RuntimeError, ValueError, IndexError) as error:
            raise TransientError(
                f"the model failed: {type(error).__name__}",
                place=self._place,
                remedy="look into the log; if it happens again, choose another model",
            ) from error
        new = written[0, length:]
        text = self._tokenizer.decode(new, skip_special_tokens=True)
        ended = end.found or int(new[-1]) in self._endings()
        return Reply(text[:LONGEST_ANSWER], cut=not ended)

    def load(self) -> None:
        """Load it, if it is not loaded.

        Raises:
            WebTVError: as :meth:`answer`.
        """
        if self._model is not None:
            return
        torch, transformers = library("torch", self._place), quiet_library("transformers", self._place)
        source = self._locate(self._name)
        device = self._device(torch)
        dtype = ("float32" if device == "cpu" else "auto") if self._dtype == "auto" else self._dtype
        try:
            # What is loaded is drawn at random first.
            with torch.random.fork_rng(devices=[]):
                tokenizer = transformers.AutoTokenizer.from_pretrained(source, trust_remote_code=False)
                model = transformers.AutoModelForCausalLM.from_pretrained(
                    source,
                    dtype=dtype if dtype == "auto" else getattr(torch, dtype),
                    use_safetensors=True,
                    trust_remote_code=False,
                ).to(device)
        except WebTVError:
            raise
        except (torch.OutOfMemoryError, MemoryError) as error:
            raise self._no_memory() from error
        except Exception as error:  # foreign files break in every way there is
            raise self._not_loaded(error) from error
        self._torch, self._transformers = torch, transformers
        self._tokenizer, self._model = tokenizer, model.eval()

    def _device(self, torch: Any) -> str:
        if self._wanted == "auto":
            return best_device(torch)
        if (error := no_device(torch, self._wanted)) is not None:
            raise ConfigError(
                f"this machine has no {self._wanted}",
                place=self._place,
                remedy="write auto or cpu, or install torch for that device",
            ) from error
        return self._wanted

    def _read(self, messages: Sequence[Message]) -> Any:
        """The conversation as tokens, by the model's own template where it has one."""
        tokenizer = self._tokenizer
        if tokenizer.chat_template is None:
            told = "\n\n".join(message["content"] for message in messages) + "\n\nThe JSON object:\n"
            asked = tokenizer(told, return_tensors="pt")
        else:
            try:
                asked = self._by_template(list(messages))
            except Exception:  # a template is a program of the model's; some refuse a system's message
                try:
                    asked = self._by_template(_without_system(messages))
                except Exception as error:
                    raise ConfigError(
                        f"the chat template of {self._name} refuses the conversation: {type(error).__name__}",
                        place=self._place,
                        remedy="choose a model that was trained on conversations",
                    ) from error
        return {
            "input_ids": asked["input_ids"].to(self._model.device),
            "attention_mask": asked["attention_mask"].to(self._model.device),
        }

    def _by_template(self, messages: list[Message]) -> Any:
        return self._tokenizer.apply_chat_template(
            messages,
            add_generation_prompt=True,
            return_tensors="pt",
            return_dict=True,
            sanitize_control_tokens=True,  # a theme is a curator's text: it ends nobody's turn
            enable_thinking=False,  # templates that do not know it ignore it
        )

    def _settings(self, room: int) -> Any:
        own = self._model.generation_config
        padding = own.pad_token_id if own.pad_token_id is not None else self._tokenizer.pad_token_id
        endings = sorted(self._endings())
        return self._transformers.GenerationConfig(
            max_new_tokens=room,
            do_sample=False,  # the dice have chosen when the likeliest is taken
            num_beams=1,
            eos_token_id=endings or None,
            bos_token_id=own.bos_token_id,
            pad_token_id=padding if padding is not None else (endings[0] if endings else 0),
        )

    def _endings(self) -> set[int]:
        own = self._model.generation_config.eos_token_id
        told = own if isinstance(own, list) else [own]
        return {int(each) for each in (*told, self._tokenizer.eos_token_id) if each is not None}

    def _context(self) -> int:
        told = (
            getattr(self._model.config, "max_position_embeddings", None),
            self._tokenizer.model_max_length,
        )
        known = [int(each) for each in told if each and each < _FOREVER]
        return min(known, default=_FOREVER)

    def _no_memory(self) -> ResourceError:
        return ResourceError(
            "the device has too little memory for this model",
            place=self._place,
            remedy="choose a smaller model, or stop what else uses the device",
        )

    def _not_loaded(self, error: Exception) -> ConfigError | TransientError:
        if is_unreachable(error):
            return TransientError(
                f"the model {self._name} could not be fetched",
                place=self._place,
                remedy="check the network, or name a folder that holds the model",
            )
        return ConfigError(
            f"no language model could be loaded from {self._name}: {type(error).__name__}",
            place=self._place,
            remedy="name a folder with config.json, model.safetensors and a tokenizer, or an id on the hub",
        )


def _end_of_object(torch: Any, transformers: Any, tokenizer: Any, length: int, *, thinks: bool) -> Any:
    """What stops after the brace that closes the first JSON object outside of thoughts."""

    class End(transformers.StoppingCriteria):  # type: ignore[misc]
        found = False

        def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
            # Only a closing brace can close, so that the whole is read but a few times.
            if "}" in tokenizer.decode(input_ids[0, -1:]):
                text = tokenizer.decode(input_ids[0, length:], skip_special_tokens=True)
                self.found = holds_object(text) and ("</think>" in text or not thinks)
            return torch.full((input_ids.shape[0],), self.found, dtype=torch.bool, device=input_ids.device)

    return End()


def _dice(
    torch: Any, transformers: Any, chance: Chance, length: int, step: Callable[[int], None], place: str
) -> Any:
    """What chooses each token, with a generator of its own: torch's is everybody's."""
    generator = torch.Generator().manual_seed(chance.seed)

    class Dice(transformers.LogitsProcessor):  # type: ignore[misc]
        def __call__(self, input_ids: Any, scores: Any) -> Any:
            step(input_ids.shape[1] - length)
            if not bool(torch.isfinite(scores).any()) or bool(torch.isnan(scores).any()):
                raise QualityError(
                    "the model computes no numbers",
                    place=place,
                    remedy="set its dtype to bfloat16 or float32",
                )
            if chance.temperature == 0:
                return scores
            shares = torch.softmax(scores.float().cpu() / chance.temperature, dim=-1)
            ordered, tokens = shares.sort(dim=-1, descending=True)
            before = ordered.cumsum(dim=-1) - ordered
            ordered = ordered.masked_fill(before >= chance.top_p, 0.0)
            drawn = torch.multinomial(ordered, 1, generator=generator)
            chosen = tokens.gather(-1, drawn).to(scores.device)
            return torch.full_like(scores, float("-inf")).scatter(-1, chosen, 0.0)

    return Dice()


def _without_system(messages: Sequence[Message]) -> list[Message]:
    rules, first, *rest = messages
    return [{"role": "user", "content": f"{rules['content']}\n\n{first['content']}"}, *rest]
