"""Plain SOAP requests beside ones that need a tree, in one process: python -m benchmarks.plain [SECONDS] prints both and their ratio.

The others are the same with a comment in front of the last end tag, where the attempt to read them without a tree has done most of its work.
As in `benchmarks.jsonrpc`: turns alternate, and the ratio is the median of the turns' own ratios.
"""

import sys
from statistics import median

from benchmarks import workloads as W
from benchmarks.jsonrpc import server, times
from benchmarks.peers import spyne_peer
from spyne.protocol.soap import Soap11


def main(budget=0.5):
    print("| workload | plain | with a comment | ratio |\n|---|---|---|---|")
    application = server(Soap11)
    for w in W.WORKLOADS:
        plain = W.soap_request(w)
        body = plain.rindex(b"</", 0, plain.rindex(b"Body>") - len("</soapenv:"))
        commented = plain[:body] + b"<!-- a comment -->" + plain[body:]
        calls = [lambda d=d: spyne_peer.call_wsgi(application, d, "text/xml", "") for d in (plain, commented)]
        for call in calls:
            W.check(w, "soap", call())
        turns = times(calls, float(budget))
        columns = [[seconds * 1e6 for seconds in column] for column in zip(*turns)]
        ratio = median(b / a for a, b in zip(*columns))
        print(f"| {w} | {median(columns[0]):,.1f} | {median(columns[1]):,.1f} | x{ratio:.2f} |")


if __name__ == "__main__":
    main(*sys.argv[1:])
