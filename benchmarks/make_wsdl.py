"""Print the WSDL of the benchmark service as Spyne 2.14 publishes it, for the foreign peers."""

import sys

from benchmarks.peers.spyne_peer import make
from spyne.interface.wsdl import Wsdl11

wsdl = Wsdl11(make("soap, none").app.interface)
wsdl.build_interface_document("http://127.0.0.1:9009/")
sys.stdout.buffer.write(wsdl.get_interface_document())
