// node-soap: node node_server.js PORT WSDL, with NODE_PATH at the folder where `npm install soap` put it.
const soap = require('soap'), http = require('http'), fs = require('fs');
const methods = {
  say_hello: a => ({ say_helloResult: { string: Array(+a.times).fill('Hello, ' + a.name) } }),
  put_order: a => ({ put_orderResult: a.order }),
};
const server = http.createServer((request, response) => response.end());
server.listen(+process.argv[2], '127.0.0.1');
soap.listen(server, '/', { Service: { Bench: methods } }, fs.readFileSync(process.argv[3], 'utf8'));
