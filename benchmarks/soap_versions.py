"""SOAP 1.2 beside SOAP 1.1, in one process: python -m benchmarks.soap_versions [SECONDS] prints both and their ratio.

As in `benchmarks.jsonrpc`: turns alternate, and the ratio is the median of the turns' own ratios.
"""

import sys
from statistics import median

from benchmarks import workloads as W
from benchmarks.jsonrpc import server, times
from benchmarks.peers import spyne_peer
from spyne.const.xml import NS_SOAP11_ENV, NS_SOAP12_ENV
from spyne.protocol.soap import Soap11, Soap12


def main(budget=0.5):
    print("| workload | Soap11 | Soap12 | ratio |\n|---|---|---|---|")
    for w in W.WORKLOADS:
        old = W.soap_request(w)
        new = old.replace(NS_SOAP11_ENV.encode(), NS_SOAP12_ENV.encode())
        applications = (server(Soap11), old, "text/xml"), (server(Soap12), new, "application/soap+xml")
        calls = [lambda a=a, b=b, t=t: spyne_peer.call_wsgi(a, b, t, "") for a, b, t in applications]
        W.check(w, "soap", calls[0]())
        W.check(w, "soap", calls[1]().replace(NS_SOAP12_ENV.encode(), NS_SOAP11_ENV.encode()))
        turns = times(calls, float(budget))
        columns = [[seconds * 1e6 for seconds in column] for column in zip(*turns)]
        ratio = median(b / a for a, b in zip(*columns))
        print(f"| {w} | {median(columns[0]):.1f} | {median(columns[1]):.1f} | x{ratio:.2f} |")


if __name__ == "__main__":
    main(*sys.argv[1:])
