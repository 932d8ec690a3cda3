"""Models live in child processes: what holds a device's memory may leak, hang or die.

::

    adapters   Hosted…: the ports of the studio, carried out by a child
    pool       which children there are, who gets one next, when one is renewed
    turns      the rule by which turns are given: pure, so that it can be read and searched
    line       one model: its child, how it has fared (record), what it takes of the device (appetite)
    host       one child as its parent sees it: started, watched, judged, killed
    call       one request to a child;  feed  a take on its way to one
    child      the process itself;  serving  the adapter in it;  post  what it says;  meter  what it takes
    wire       messages: a length, a JSON header, descriptors
    sealed     arrays in memory that cannot shrink or be written any more
    words      what a child says to people;  trouble  what may happen to one
    codec      requests, scores and errors as JSON and back
    adoption   what is handed over when the same model is asked with other options
    spec       what a child is built of;  limits  how long and how large anything may be
"""
