// Reads a job from standard input, calls with node-soap, writes the replies; tests/interop/foreign.py tells their form.
// A header is {"value": object, "name": ..., "namespace": ..., "prefix": ...}; bytes are base64 text both ways, as node-soap has them.
// The call option `attachments` has bodies in base64; attachments of the answer are listed as [headers, base64].
const soap = require('soap');

async function reply(client, call) {
  client.clearSoapHeaders();
  for (const { value, name, namespace, prefix } of call.headers ?? []) client.addSoapHeader(value, name, prefix, namespace);
  const options = { ...call.options };
  if (options.attachments) options.attachments = options.attachments.map((a) => ({ ...a, body: Buffer.from(a.body, 'base64') }));
  try {
    const [result, response, headers, request, parts] = await client[`${call.name}Async`](call.arguments[0] ?? {}, options);
    const attachments = (parts?.parts ?? []).map(({ headers, body }) => [headers, Buffer.from(body).toString('base64')]);
    return { result, headers, request, response: String(response), attachments };
  } catch (error) {
    const fault = error.root?.Envelope?.Body?.Fault;
    return { ...(fault ? { fault } : { error: String(error) }), request: client.lastRequest };
  }
}

async function main() {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const job = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  const client = await soap.createClientAsync(job.wsdl, job.options);
  const replies = [];
  for (const call of job.calls) replies.push(await reply(client, call));
  process.stdout.write(JSON.stringify(replies));
}

main().catch((error) => {
  console.error(error.stack);
  process.exitCode = 1;
});
