"""One module an engine. Each has a class with the same parts:

    wire         how it is asked: "HTTP", a protocol of its own, or "in process"
    setting      what was chosen, in a few words, for the line below the table
    version()    of the engine
    build(texts) -> (seconds, bytes): an index on disk, ready to be searched; parting texts into words counts
    start()      opens it; a server comes up here
    connect()    -> ask(question) -> answer: one client's own connection, called in the client's process
    cpu_s() -> seconds of processor spent so far by what answers: the server, or this process
    ids(answer)  -> ids of the texts found, the best first
    stop()

`ask` gives the ten best. What an engine does to give their ids belongs to it; reading them out of an HTTP body does not.
"""

LIMIT = 10
