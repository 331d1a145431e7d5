"""Notes behind plain addresses: paths and verbs come in by HttpRpc, JSON goes out.

curl -X PUT -d text='buy bread' http://127.0.0.1:8000/notes/1
curl 'http://127.0.0.1:8000/notes?contains=bread'
curl -X DELETE http://127.0.0.1:8000/notes/1
"""

from dataclasses import dataclass

from spyne import Application, ResourceNotFoundError, Service, rpc
from spyne.protocol.http import HttpPattern, HttpRpc
from spyne.protocol.json import JsonDocument
from spyne.server.wsgi import WsgiApplication

NOTES: dict[int, str] = {}


@dataclass
class Note:
    number: int
    text: str


class NoteService(Service):
    @rpc(_pattern=HttpPattern("/notes", verb="GET"))
    def find(ctx, contains: str = "") -> list[Note]:
        return [Note(number, text) for number, text in NOTES.items() if contains in text]

    @rpc(_pattern=HttpPattern("/notes/<int:number>", verb="GET"))
    def get(ctx, number: int) -> Note:
        if number not in NOTES:
            raise ResourceNotFoundError(number)
        return Note(number, NOTES[number])

    @rpc(_pattern=HttpPattern("/notes/<int:number>", verb="PUT"))
    def put(ctx, number: int, text: str) -> Note:
        NOTES[number] = text
        return Note(number, text)

    @rpc(_pattern=HttpPattern("/notes/<int:number>", verb="DELETE"))
    def delete(ctx, number: int) -> None:
        NOTES.pop(number, None)


application = Application(
    [NoteService],
    tns="spyne.examples.notes",
    in_protocol=HttpRpc(validator="soft"),
    out_protocol=JsonDocument(),
)
wsgi_application = WsgiApplication(application)

if __name__ == "__main__":
    from wsgiref.simple_server import make_server

    make_server("127.0.0.1", 8000, wsgi_application).serve_forever()
