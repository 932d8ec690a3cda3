"""Every kind of mistake, asserted to the character and to the word: these texts are what curators meet."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webtv.themes.channel import Channel
from webtv.themes.document import MAX_BYTES
from webtv.themes.loader import KnownNames, Loaded, Problem, check_channel, load_channel, load_folder

KNOWN = KnownNames(
    stages={
        "shot": frozenset({"procedural", "zeroscope"}),
        "interpolate": frozenset({"dis"}),
        "upscale": frozenset({"detail"}),
        "music": frozenset({"synth"}),
    },
    outputs=frozenset({"twitch", "youtube"}),
)
GOOD = "name: Tideline\ntheme: The sea.\n"

# The text of a file, and all that is said of it, after the file's name.
CASES: dict[str, tuple[str, list[str]]] = {
    "misspelt keys": (
        "nmae: a\nthemes: b\nstlye: c\n",
        [
            "1:1: there is no key `nmae` in a channel: did you mean `name`?",
            "2:1: there is no key `themes` in a channel: did you mean `theme`?",
            "3:1: there is no key `stlye` in a channel: did you mean `style`?",
        ],
    ),
    "a key that means another": (
        GOOD + "title: x\ncolour: y\n",
        [
            "3:1: there is no key `title` in a channel: did you mean `name`?",
            (
                "4:1: there is no key `colour` in a channel: it belongs under `branding`: write `branding: "
                "{accent: y}`"
            ),
        ],
    ),
    "keys at the wrong level": (
        GOOD + "tempo: 70\nmusic:\n  rating: teen\n  bpm: 70\n",
        [
            (
                "3:1: there is no key `tempo` in a channel: it belongs under `music`: write `music: {tempo: "
                "70}`"
            ),
            (
                "5:3: there is no key `rating` under `music`: `rating` belongs to the channel itself: "
                "begin the line without spaces"
            ),
            "6:3: there is no key `bpm` under `music`: did you mean `tempo`?",
        ],
    ),
    "no such key at all": (
        GOOD + "music:\n  zither: loud\n",
        [
            "4:3: there is no key `zither` under `music`: write one of `mood`, `tempo` or `instruments`",
        ],
    ),
    "needed keys are missing": (
        "style: film\n",
        [
            "1:1: `name` is missing: write `name: Tideline`",
            "1:1: `theme` is missing: write `theme: The sea and its edges, from dawn to dark.`",
        ],
    ),
    "needed keys have no value": (
        "name:\ntheme: ''\n",
        [
            "1:1: `name` has no value: write `name: Tideline`",
            "2:8: `theme` is empty: write `theme: The sea and its edges, from dawn to dark.`",
        ],
    ),
    "an optional key has no value": (
        GOOD + "outputs:\n  # - twitch\n",
        [
            "3:1: `outputs` has no value: write `outputs: [twitch]`, or remove the line",
        ],
    ),
    "a number is no number": (
        GOOD + "music:\n  tempo: fast\nreruns:\n  share: 30%\n",
        [
            (
                "4:10: `tempo` is `fast`, and a whole number is expected: "
                "write a whole number from 40 to 200, such as `tempo: 80`"
            ),
            "6:10: `share` is `30%`, and a number is expected: write `share: 0.3`",
        ],
    ),
    "a number with its unit": (
        GOOD + "music:\n  tempo: 80 bpm\n",
        [
            "4:10: `tempo` is `80 bpm`, and a whole number is expected: write `tempo: 80`",
        ],
    ),
    "numbers out of bounds": (
        GOOD + "music: {tempo: 300}\nreruns: {share: 30}\nsequence: {shots: 0}\n",
        [
            "3:16: `tempo` is `300`, and 200 is the most: write `tempo: 200` or less",
            "4:17: `share` is `30`, and 1 is the most: for 30 % write `share: 0.3`",
            "5:19: `shots` is `0`, and 1 is the least: write `shots: 1` or more",
        ],
    ),
    "true is no number": (
        GOOD + "sequence: {shots: true}\n",
        [
            (
                "3:19: `shots` is `true`, and a whole number is expected: "
                "write a whole number from 1 to 24, such as `shots: 4`"
            ),
        ],
    ),
    "no number at all": (
        GOOD + "reruns: {share: .nan}\n",
        [
            "3:17: `share` is `.nan`, and 1 is the most: write `share: 1` or less",
        ],
    ),
    "letters that nobody can see": (
        GOOD.replace("name: ", 'name: "\\x07Bell" #', 1),
        [
            ("1:7: `name`: holds a control character (U+0007), which nobody can see: write `name: Tideline`"),
        ],
    ),
    "odd seconds": (
        GOOD + "sequence:\n  shots: 4\n  seconds: 5\n",
        [
            (
                "5:12: `seconds` is 5, and must be even, because clips are cut every two seconds: "
                "write `seconds: 4` or `seconds: 6`"
            ),
        ],
    ),
    "lengths of time": (
        GOOD + "buffer: 10s\nreruns:\n  cooldown: 2 hours\n",
        [
            "3:9: `buffer` is `10s`, and 30s is the least: write `buffer: 30s` or more",
            "5:13: `cooldown` is `2 hours`, and that is no length of time: write `cooldown: 2h`",
        ],
    ),
    "a length of days": (
        GOOD + "buffer: 2d\n",
        [
            "3:9: `buffer` is `2d`, and that is no length of time: write `buffer: 48h`",
        ],
    ),
    "no length of time": (
        GOOD + "buffer: soon\n",
        [
            (
                "3:9: `buffer` is `soon`, and that is no length of time: "
                "write seconds, or a number with `s`, `m` or `h`, such as `buffer: 10m`"
            ),
        ],
    ),
    "a name that is a number": (
        "name: 1984\ntheme: true\n",
        [
            '1:7: `name` is a number to YAML, and a text is expected: put it in quotes: `name: "1984"`',
            (
                "2:8: `theme` is true or false to YAML, and a text is expected: put it in quotes: `theme: "
                '"true"`'
            ),
        ],
    ),
    "a text that is too long": (
        "name: " + "x" * 61 + "\ntheme: a\n",
        [
            "1:7: `name` is 61 characters long, and 60 are the most: shorten it by 1 character",
        ],
    ),
    "a text that is a list": (
        "name: [a, b]\ntheme: a\n",
        [
            "1:7: `name` is a list, and a text is expected: write `name: Tideline`",
        ],
    ),
    "a list that is a text": (
        GOOD + "avoid: gore, blood\n",
        [
            "3:8: `avoid` is one value, and a list is expected: write `avoid: [gore, blood]`",
        ],
    ),
    "a list that is a group": (
        GOOD + "avoid:\n  a: b\n",
        [
            (
                "4:3: `avoid` is a group of keys, and a list is expected: write `avoid: "
                "[storm damage, lettering]`"
            ),
        ],
    ),
    "items that are no texts": (
        GOOD + "avoid:\n  - text: more\n  - 12\n  -\n",
        [
            (
                '4:5: item 1 of `avoid` is not one text, because of its colon: put it in quotes: `- "text: '
                'more"`'
            ),
            (
                "5:5: item 2 of `avoid` is a number to YAML, and a text is expected: put it in quotes: "
                '`- "12"`'
            ),
            "6:4: item 3 of `avoid` has no value: write `- storm damage`, or remove the line",
        ],
    ),
    "an empty list": (
        GOOD + "music: {instruments: []}\n",
        [
            (
                "3:22: `instruments` is an empty list: write `instruments: "
                "[felt piano, strings, pad]`, or remove the line"
            ),
        ],
    ),
    "too many items": (
        GOOD + "music: {instruments: [a, b, c, d, e, f, g, h, i]}\n",
        [
            "3:22: `instruments` has 9 items, and 8 are the most: remove 1",
        ],
    ),
    "a group that is a text": (
        GOOD + "music: calm piano\nsequence:\n  shots:4\n",
        [
            (
                "3:8: `music` is `calm piano`, and keys are expected under it: write `music: {mood: "
                "calm, tempo: 80}`"
            ),
            (
                "5:3: `sequence` is `shots:4`, and keys are expected under it: "
                "write a space after the colon: `shots: 4`"
            ),
        ],
    ),
    "a stage that is a text": (
        GOOD + "studio:\n  music: synth\n",
        [
            "4:10: `music` is `synth`, and keys are expected under it: write `music: {use: synth}`",
        ],
    ),
    "adapters": (
        GOOD + "studio:\n  shot: {use: zeroscop}\n  upscale: {use: crisp}\n",
        [
            "4:15: there is no adapter `zeroscop` for `shot`: did you mean `zeroscope`?",
            "5:18: there is no adapter `crisp` for `upscale`: write `detail`",
        ],
    ),
    "a stage without its use": (
        GOOD + "studio:\n  shot: {user: zeroscope}\n  upscale: {steps: 3}\n",
        [
            "4:10: `use` is missing, and `user` stands here: did you mean `use`?",
            "5:12: `use` is missing: write `use: detail`",
        ],
    ),
    "an address as an adapter": (
        GOOD + "studio:\n  shot: {use: 'https://gpu.example/x'}\n",
        [
            (
                "4:15: an address stands where the name of an adapter belongs: "
                "the operator defines endpoints and outputs; write their name"
            ),
        ],
    ),
    "secrets among the options": (
        GOOD + "studio:\n  shot:\n    use: zeroscope\n    api_key: abc\n    nested: [{file: ../weights}]\n",
        [
            (
                "6:14: `api_key` holds a key or password, and those belong to the operator's settings: "
                "remove the line; the operator defines endpoints, and `use` names them"
            ),
            (
                "7:21: `file` holds an address or file path, and those belong to the operator's settings: "
                "remove the line; the operator defines endpoints, and `use` names them"
            ),
        ],
    ),
    "outputs": (
        GOOD + "outputs: [twich, 'rtmp://live.example/key', radio, youtube]\n",
        [
            "3:11: there is no output `twich`: did you mean `twitch`?",
            (
                "3:18: an address stands where the name of an output belongs: "
                "the operator defines outputs; write their name"
            ),
            "3:45: there is no output `radio`: write `twitch` or `youtube`",
        ],
    ),
    "an output twice": (
        GOOD + "outputs: [twitch, youtube, twitch]\n",
        [
            "3:28: `twitch` stands here a second time: remove one of the two",
        ],
    ),
    "a rating": (
        GOOD + "rating: everybody\n",
        [
            "3:9: `everybody` is no rating: did you mean `everyone`?",
        ],
    ),
    "no rating": (
        GOOD + "rating: 18\n",
        [
            "3:9: `18` is no rating: write `everyone`, `teen` or `mature`",
        ],
    ),
    "formats": (
        GOOD + "format: 720p\n",
        [
            "3:9: `720p` is no house format: did you mean `720p24@1`?",
        ],
    ),
    "no format": (
        GOOD + "format: 4k\n",
        [
            (
                "3:9: `4k` is no house format: "
                "write one of `576p24@1`, `576p25@1`, `576p30@1`, `720p24@1`, `720p25@1`, `720p30@1`, "
                "`1080p24@1`, `1080p25@1` or `1080p30@1`"
            ),
        ],
    ),
    "a colour that is a comment": (
        GOOD + "branding:\n  accent: #ff8800\n",
        [
            (
                "4:3: `accent` has no value, because `#` begins a comment: write the colour in quotes: "
                '`accent: "#ff8800"`'
            ),
        ],
    ),
    "a colour that is a number": (
        GOOD + "branding:\n  accent: 123456\n",
        [
            (
                "4:11: `accent` is a number to YAML, and a text is expected: put it in quotes: `accent: "
                '"#123456"`'
            ),
        ],
    ),
    "a short colour": (
        GOOD + "branding:\n  accent: '#fa0'\n",
        [
            (
                "4:11: `#fa0` is no colour in the form that pages need: "
                'write `#` and six hexadecimal digits in quotes, such as `accent: "#ffaa00"`'
            ),
        ],
    ),
    "a language": (
        GOOD + "language: English\n",
        [
            "3:11: `English` is no language tag: write a short tag such as `language: en`",
        ],
    ),
    "no truth": (
        GOOD + "paused: maybe\n",
        [
            (
                "3:9: `paused` is `maybe`, and can only be true or false: write `paused: true` or `paused: "
                "false`"
            ),
        ],
    ),
    "a key twice": (
        "name: a\ntheme: b\nname: c\n",
        [
            "3:1: `name` stands here a second time; the first is on line 1: remove one of the two",
        ],
    ),
    "half a character": (
        'name: "\\ud800"\ntheme: a\n',
        [
            "1:7: `name` holds half a character (a `\\ud…` code): write the character itself",
        ],
    ),
    "a list as a file": (
        "- name: a\n",
        [
            (
                "1:1: the file is a list, and a channel is a page of keys: "
                "remove the dashes at the left, and begin with `name: …` and `theme: …`"
            ),
        ],
    ),
    "a text as a file": (
        "name:a\n",
        [
            "1:1: the file is one text without keys: write a space after each colon: `name: a`",
        ],
    ),
    "an empty file": (
        "",
        [
            "1:1: the file is empty: begin with `name: …` and `theme: …`, each on a line of its own",
        ],
    ),
    "a file of comments": (
        "# nothing\n\n",
        [
            "1:1: the file is empty: begin with `name: …` and `theme: …`, each on a line of its own",
        ],
    ),
    "a tab": (
        "name: a\nmusic:\n\ttempo: 3\n",
        [
            (
                "3:1: the line is indented with a tab, and YAML takes only spaces: "
                "write two spaces for each level in place of the tab"
            ),
        ],
    ),
    "a tab in the middle": (
        "name:\ta\n",
        [
            "1:6: a tab stands here, and YAML takes only spaces: write one space in its place",
        ],
    ),
    "a colon in a text": (
        "name: a\ntheme: The sea: a story\n",
        [
            (
                "2:15: a second colon on one line makes YAML look for a second key: put the text in quotes: "
                '`theme: "The sea: a story"`'
            ),
        ],
    ),
    "a line without a colon": (
        "name: a\ntheme\nstyle: b\n",
        [
            "2:1: `theme` has neither colon nor value: write `theme: …`, or remove the line",
        ],
    ),
    "a colon without a space": (
        "name: a\ntheme:b\n",
        [
            "2:1: a space is missing after the colon of `theme`: write `theme: b`",
        ],
    ),
    "a dash without a space": (
        "avoid:\n  - a\n  -b\n",
        [
            "3:3: a space is missing after the dash: write `- b`",
        ],
    ),
    "an indentation between two": (
        "name: a\nmusic:\n  mood: a\n tempo: 3\n",
        [
            (
                "4:2: the line is indented neither like the one above nor like its key: "
                "begin it with 2 spaces, like the line above"
            ),
        ],
    ),
    "an indentation too deep": (
        "name: a\n  theme: b\n",
        [
            (
                "2:3: the line is indented deeper than the one above, which has a value already: "
                "begin it without spaces, like the line above"
            ),
        ],
    ),
    "an open quote": (
        'name: "a\ntheme: b\n',
        [
            '1:7: the quote that opens here is never closed: close it where the text ends: `name: "a"`',
        ],
    ),
    "an apostrophe in quotes": (
        "name: 'it's'\n",
        [
            '1:11: more text follows after the closing quote: write `name: "it\'s"`',
        ],
    ),
    "a backslash": (
        'name: "a\\d"\n',
        [
            (
                "1:10: a backslash in double quotes begins a code, and this is none: "
                "write `\\\\` for a backslash, or put the text in single quotes"
            ),
        ],
    ),
    "a text that begins with a sign": (
        "name: @foo\n",
        [
            '1:7: a text without quotes cannot begin with `@`: if it is a text, write `name: "@foo"`',
        ],
    ),
    "a reference to nothing": (
        "name: *foo\ntheme: a\n",
        [
            (
                "1:7: YAML reads `*foo` as a reference, and no `&foo` stands above: "
                'if it is a text, write it in quotes: `"*foo"`'
            ),
        ],
    ),
    "a reference to itself": (
        GOOD + "avoid: &a [*a]\n",
        [
            "3:12: `*a` repeats a value inside itself: write the value out",
        ],
    ),
    "an ampersand": (
        "name: & b\n",
        [
            '1:7: YAML reads the `&` here as a reference: if it is a text, write `name: "& b"`',
        ],
    ),
    "a tag": (
        "name: !foo bar\ntheme: a\n",
        [
            (
                "1:7: YAML reads `!foo` as a tag because of the `!`, and tags mean nothing here: "
                'write `"!foo bar"`'
            ),
        ],
    ),
    "a merge key": (
        GOOD + "music: &m {mood: a}\nreruns:\n  <<: *m\n",
        [
            "5:3: `<<` merges nothing here: write the keys out",
        ],
    ),
    "an open list": (
        "avoid: [a, b\nname: c\n",
        [
            "1:8: the list that `[` opens here is never closed: write `]` after its last part",
        ],
    ),
    "a missing comma": (
        GOOD + 'avoid: ["a" "b"]\n',
        [
            (
                "3:13: a comma is missing in the list that `[` opens: "
                "write `,` between two of its parts, and `]` after the last"
            ),
        ],
    ),
    "a bracket too many": (
        "avoid: [a, b]]\n",
        [
            "1:14: a `]` closes what nothing opened: remove the `]`",
        ],
    ),
    "an open group": (
        "music: {mood: a\nname: b\n",
        [
            "1:8: the group that `{` opens here is never closed: write `}` after its last part",
        ],
    ),
    "a key among items": (
        "avoid:\n  - a\n  b: c\n",
        [
            (
                "3:3: a key stands here among the items of a list: "
                "begin it at the column of the list's key, or write it as an item with `- `"
            ),
        ],
    ),
    "an item among keys": (
        "name: a\n- b\n",
        [
            (
                "2:1: a list item stands here on the level of keys: "
                "indent it by two spaces under the key that it belongs to"
            ),
        ],
    ),
    "no key before a colon": (
        GOOD + ": a\n",
        [
            "3:1: a key is missing before the colon: write one word before it, as in `name: …`",
        ],
    ),
    "a second document": (
        "name: a\n---\nname: b\n",
        [
            (
                "2:1: a second document begins here, and one file is one channel: "
                "remove the line, or move what follows it into a file of its own"
            ),
        ],
    ),
    "a directive": (
        "# c\n%YAML 1.1\n---\nname: a\n",
        [
            (
                "2:1: a line that begins with `%` is an instruction to the parser, and none is obeyed: "
                "remove the line"
            ),
        ],
    ),
    "a control character": (
        "name: a\x07b\n",
        [
            "1:8: an invisible control character (U+0007) stands here: delete it and type the text anew",
        ],
    ),
    "a file that goes on": (
        '"a" b\n',
        [
            (
                "1:5: the file goes on here after its one value has ended: begin with `name: …` and `theme: "
                "…`, each on a line of its own"
            ),
        ],
    ),
    "a block text on one line": (
        "theme: > text\n",
        [
            (
                "1:10: a text that begins with `|` or `>` starts on the next line: "
                "break the line after the mark and indent the text by two spaces"
            ),
        ],
    ),
    "too deep": (
        "a: " + "[" * 40,
        [
            "1:20: values are nested more than 16 deep: write fewer brackets and levels",
        ],
    ),
}


def check(text: str | bytes, name: str = "tideline.yaml") -> Loaded:
    data = text if isinstance(text, bytes) else text.encode()
    return check_channel(data, Path(name), KNOWN)


def said(loaded: Loaded) -> list[str]:
    return [str(problem).removeprefix(f"{loaded.path}:") for problem in loaded.problems]


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_every_mistake_is_told_at_its_place_with_what_to_write(text: str, expected: list[str]) -> None:
    loaded = check(text)
    assert said(loaded) == expected
    assert loaded.channel is None


def test_a_good_file_has_a_channel_and_no_problem() -> None:
    loaded = check(GOOD + "buffer: 90s\npaused: yes\nstudio: {shot: {use: zeroscope, steps: 30, m: a/b}}\n")
    assert loaded.problems == ()
    assert loaded.slug == "tideline"
    assert loaded.channel is not None
    assert (loaded.channel.buffer, loaded.channel.paused) == (90.0, True)
    assert loaded.channel.studio.shot.options == {"steps": 30, "m": "a/b"}


def test_anchors_repeat_values_and_keep_the_place_of_the_alias() -> None:
    channel = check("name: &n Tideline\ntheme: *n\n").channel
    assert channel is not None
    assert channel.theme == "Tideline"
    assert said(check("name: &n Tideline\ntheme: x\nrating: *n\n")) == [
        "3:9: `Tideline` is no rating: write `everyone`, `teen` or `mature`"
    ]


def test_yaml_is_version_1_2() -> None:
    channel = check("name: no\ntheme: 12:30\nmusic: {tempo: 0o120}\n").channel
    assert channel is not None
    assert (channel.name, channel.theme, channel.music.tempo) == ("no", "12:30", 80)


def test_a_byte_order_mark_and_windows_line_ends_change_no_place() -> None:
    assert check("\ufeff" + GOOD).channel is not None
    assert said(check("\ufeffnmae: a\r\ntheme: b\r\nbuffer: 1s\r\n")) == [
        "1:1: there is no key `nmae` in a channel: did you mean `name`?",
        "3:9: `buffer` is `1s`, and 30s is the least: write `buffer: 30s` or more",
    ]


def test_other_encodings_are_told_at_the_first_wrong_byte() -> None:
    message = "the file is not in UTF-8: save it again with the encoding UTF-8"
    assert said(check("name: a\ntheme: Café\n".encode("latin-1"))) == [f"2:11: {message}"]
    assert said(check(GOOD.encode("utf-16"))) == [f"1:1: {message}"]


def test_size_depth_and_repetition_are_bounded() -> None:
    assert said(check("# " + "x" * MAX_BYTES)) == [
        "1:1: the file is larger than 256 kB: a channel is a page of text: write less, or two channels"
    ]
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    for name, before in zip("bcdefgh", "abcdefg", strict=True):
        bomb += f"{name}: &{name} [*{before}, *{before}, *{before}, *{before}, *{before}, *{before}]\n"
    assert said(check(bomb)) == [
        "5:12: the file holds more than 5000 values: a channel is a page of text: "
        "write less, and repeat less with `*`"
    ]
    assert [problem.line for problem in check("[" * 100_000).problems] == [1]


def test_the_format_of_a_running_channel_cannot_change() -> None:
    text = GOOD + "format: 1080p30@1\n"
    loaded = check_channel(text.encode(), Path("tideline.yaml"), KNOWN, format_for_life="720p24@1")
    assert said(loaded) == [
        "3:9: the format of a channel is fixed for life: `tideline` is `720p24@1`, not `1080p30@1`: "
        "write `format: 720p24@1`, or begin a new channel in a new file"
    ]
    assert loaded.channel is None


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("Tide Line.yaml", "rename it to `tide-line.yaml` (at most 40 small letters, digits and `-`)"),
        ("-.yml", "rename it to `my-channel.yml` (at most 40 small letters, digits and `-`)"),
        ("tideline.txt", "rename it to `tideline.yaml`"),
    ],
)
def test_a_file_name_that_is_no_address(name: str, remedy: str) -> None:
    (problem,) = check(GOOD, name).problems
    assert (problem.line, problem.column, problem.remedy) == (1, 1, remedy)


def test_an_output_where_none_is_defined() -> None:
    nobody = KnownNames(KNOWN.stages)
    (problem,) = check_channel((GOOD + "outputs: [x]\n").encode(), Path("a.yaml"), nobody).problems
    assert (
        problem.remedy == "the operator has defined none; remove the line, or ask for one (`WEBTV_OUTPUTS`)"
    )


def test_no_problem_repeats_an_address_or_a_key() -> None:
    text = GOOD + "outputs: ['rtmp://a/SECRET']\nstudio: {shot: {use: 'http://SECRET', token: SECRET}}\n"
    assert len(check(text).problems) == 3
    assert "SECRET" not in "".join(said(check(text)))


def test_files_that_cannot_be_read_are_problems(tmp_path: Path) -> None:
    for path in (tmp_path / "gone.yaml", tmp_path):
        (problem,) = load_channel(path, KNOWN).problems
        assert problem.message.startswith("the file cannot be read (")
        assert problem.remedy == "check that it is there, that it is a file, and that it may be read"


def test_a_folder_is_read_in_order_and_passes_over_what_is_no_channel(tmp_path: Path) -> None:
    for name in ("b.yml", "a.yaml", ".#c.yaml", "d.yaml~", "notes.txt"):
        (tmp_path / name).write_text(GOOD, encoding="utf-8")
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "dangling.yaml").symlink_to(tmp_path / "nowhere")
    found = load_folder(tmp_path, KNOWN)
    assert [(loaded.slug, loaded.problems) for loaded in found] == [("a", ()), ("b", ())]
    assert load_folder(tmp_path / "absent", KNOWN) == []


def test_of_twins_the_yaml_file_counts(tmp_path: Path) -> None:
    for name in ("a.yaml", "a.yml"):
        (tmp_path / name).write_text(GOOD, encoding="utf-8")
    first, second = load_folder(tmp_path, KNOWN)
    assert first.channel is not None
    assert second.channel is None
    assert said(second) == [
        "1:1: `a.yaml` beside it is the same channel, and that file counts: "
        "remove one of the two files, or give this one another name"
    ]


def test_the_same_bytes_have_the_same_digest_and_are_not_checked_again(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD, encoding="utf-8")
    before = load_folder(tmp_path, KNOWN)
    after = load_folder(tmp_path, KNOWN, earlier=before)
    assert after[0] is before[0]
    (tmp_path / "a.yaml").write_text(GOOD + "rating: teen\n", encoding="utf-8")
    changed = load_folder(tmp_path, KNOWN, earlier=after)
    assert changed[0].digest != before[0].digest
    assert changed[0].channel is not None
    assert changed[0].channel.rating == "teen"


KEYS = st.sampled_from([*Channel.model_fields, "use", "tempo", "shot", "accent", "share"])
SIGNS = st.sampled_from([": ", ":", "\n", "\n  ", "\n- ", "[", "]", "{", "}", ", ", "#", "'", '"', "\t", "|"])
WORDS = st.sampled_from(["a", "1", "~", ".nan", "-5", "%", "---", "<<", "&a", "*a", "!b"])
NEAR_YAML = st.lists(st.one_of(KEYS, SIGNS, WORDS)).map("".join)


def assert_told(loaded: Loaded) -> None:
    """Either a channel or problems, each within reach of an editor, and each with something to write."""
    assert (loaded.channel is None) == bool(loaded.problems)
    for problem in loaded.problems:
        assert isinstance(problem, Problem)
        assert problem.line >= 1
        assert problem.column >= 1
        assert problem.message
        assert problem.remedy
        assert "\n" not in str(problem)


@settings(max_examples=300, deadline=None)
@given(st.one_of(NEAR_YAML, NEAR_YAML.map(lambda text: GOOD + text), st.text()))
def test_nothing_that_can_be_written_raises(text: str) -> None:
    assert_told(check(text.encode("utf-8", "surrogatepass")))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_raise(data: bytes) -> None:
    assert_told(check(data))


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8).map(repr)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=6,
)
PATHS = [
    *("theme", "avoid", "music", "music.tempo", "sequence.seconds", "studio", "studio.shot"),
    *("reruns.cooldown", "rating", "format", "outputs", "branding.accent", "language"),
]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(PATHS), VALUES)
def test_any_value_at_any_key_is_accepted_or_explained(path: str, value: object) -> None:
    text = str(value).replace("None", "~").replace("True", "true").replace("False", "false")
    line = path.replace(".", ": {") + ": " + text + "}" * path.count(".")
    assert_told(check(f"name: a\n{'' if path == 'theme' else 'theme: b'}\n{line}\n"))
