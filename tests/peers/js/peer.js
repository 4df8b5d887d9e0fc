// A gRPC client of a mesh written with grpc-js: it serves the admin services, and does what lines of JSON on its
// standard input say. tests/peers/conversation.py says what they are.
const grpc = require("@grpc/grpc-js");
const readline = require("node:readline");
require("@grpc/grpc-js-xds").register();

const same = (bytes) => bytes;
let client = null;

function open({ target, authority }) {
  const options = authority ? { "grpc.default_authority": authority } : {};
  const made = new grpc.Client(target, grpc.credentials.createInsecure(), options);
  made.getChannel().getConnectivityState(true);
  return made;
}

function ask({ path, headers }, patience) {
  const metadata = new grpc.Metadata();
  for (const [name, value] of headers) {
    metadata.add(name, name.endsWith("-bin") ? Buffer.from(value) : value);
  }
  const deadline = Date.now() + patience * 1000;
  return new Promise((resolve) => {
    client.makeUnaryRequest(path, same, same, Buffer.alloc(0), metadata, { deadline }, (error, reply) => {
      resolve(error ? { text: error.details, status: grpc.status[error.code] } : { text: `${reply}`, status: "OK" });
    });
  });
}

async function obey(order) {
  client?.close();
  client = open(order);
  const answers = [];
  for (const call of order.calls) answers.push(await ask(call, order.patience));
  console.log(JSON.stringify(answers));
}

const server = new grpc.Server();
grpc.addAdminServicesToServer(server);
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), async (error, port) => {
  if (error) throw error;
  console.log(`127.0.0.1:${port}`);
  for await (const line of readline.createInterface({ input: process.stdin })) await obey(JSON.parse(line));
  process.exit(0);
});
