// Migrating, with what Node itself has: node proxy.js UPSTREAM-PORT PORT
'use strict';
const http = require('http');

const [upstream, port] = process.argv.slice(2).map(Number);
const agent = new http.Agent({ keepAlive: true, maxSockets: 256 });

// What is undefined is not printed. `delete` would make every object a slow one, and a copy takes time as well.
function migrate(order) {
  if ('customer' in order) {
    order.customer_id = order.customer;
    order.customer = undefined;
  }
  order.currency_code = 'EUR';
}

function failed(response, error) {
  response.writeHead(502);
  response.end(String(error));
}

const server = http.createServer((request, response) => {
  const { method, url } = request;
  const asked = http.request({ agent, host: '127.0.0.1', port: upstream, method, path: url }, (answer) => {
    const chunks = [];
    answer.on('data', (chunk) => chunks.push(chunk));
    answer.on('end', () => {
      try {
        const document = JSON.parse(Buffer.concat(chunks).toString());
        document.data.forEach(migrate);
        const body = Buffer.from(JSON.stringify(document));
        response.writeHead(answer.statusCode, { 'content-type': 'application/json', 'content-length': body.length });
        response.end(body);
      } catch (error) {
        failed(response, error);
      }
    });
  });
  asked.on('error', (error) => failed(response, error));
  request.pipe(asked);
});
server.keepAliveTimeout = 600000;
server.listen(port, '127.0.0.1', 2048);
