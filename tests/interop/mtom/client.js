// Calls the archive with node-soap; `record.py` runs it. Arguments: the address, the version of SOAP.
const soap = require("soap");
const { createHash } = require("crypto");

const XOP = "http://www.w3.org/2004/08/xop/include";
const data = Buffer.from(Array.from({ length: 6000 }, (_, i) => i % 256));
const include = (id) => ({ "xop:Include": { attributes: { "xmlns:xop": XOP, href: `cid:${id}` } } });
const attachment = { mimetype: "image/png", contentId: "picture-1@example.com", name: "picture.png", body: data };

async function main(url, version) {
  const options = { forceSoap12Headers: version === "1.2", parseReponseAttachments: true, parseResponseAttachments: true };
  const client = await soap.createClientAsync(`${url}/?wsdl`, options);
  const seen = {};
  const note = (name, [result]) => {
    const parts = (client.lastResponseAttachments || { parts: [] }).parts.map((part) => ({
      id: part.headers["content-id"],
      digest: createHash("sha256").update(part.body).digest("hex"),
    }));
    seen[name] = { result, parts };
  };
  const mtom = { attachments: [attachment], forceMTOM: true };
  note("store", await client.storeAsync({ name: "picture", data: include(attachment.contentId) }, mtom));
  note("store_file", await client.store_fileAsync({ file: include(attachment.contentId) }, mtom));
  note("echo", await client.echoAsync({ data: include(attachment.contentId) }, mtom));
  note("fetch", await client.fetchAsync({ size: 5000 }, { forceMTOM: true }));
  note("fetch_apart", await client.fetch_apartAsync({ size: 5000 }));
  console.log(JSON.stringify(seen));
}

main(process.argv[2], process.argv[3]).catch((error) => {
  console.error(error.message);
  process.exit(1);
});
