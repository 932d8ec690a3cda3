"""Words that the safety filter refuses, as plain text that operators can read and judge.

``{category}.{rating}.txt`` is refused on channels of that rating and of every stricter one: ``mature`` lists
hold everywhere, ``everyone`` lists only on channels for everyone. One word or phrase a line, lower case,
``#`` for comments. Regular inflections are found by themselves. ``slurs.mature.rot13.txt`` is turned by 13
letters, so that nobody meets it by accident. ``benign.txt`` lists phrases that are harmless whatever words
they hold.
"""
