// One real socket.io server that says the document's message twenty times a second, to whoever has
// subscribed. Arguments: the package, and the heartbeat's interval and patience in milliseconds.
const [name, interval, timeout] = process.argv.slice(2);
const http = require("http").createServer();
const options = { pingInterval: Number(interval), pingTimeout: Number(timeout) };
const found = require(name);
const io = found.Server ? new found.Server(http, options) : found(http, options);

io.on("connection", (socket) => {
  socket.on("subscribe", (room) => socket.join(room));
  socket.on("disconnect", (reason) => console.log(JSON.stringify({ left: reason })));
});

let tid = 14876;
setInterval(() => {
  const trade = { tid: tid++, type: "buy", price: "936.00", amount: "0.1", o_id: 15201 };
  const common = { success: true, date: 1485686507.0944622, oid: 15234, type: "sell" };
  const message = { ...common, price: 935.23, amount: 0.0, trades: [trade] };
  io.to("book_BTC_USD").emit("book_BTC_USD", message);
}, 50);

http.listen(0, "127.0.0.1", () => console.log(http.address().port));
process.stdin.on("end", () => process.exit(0));
process.stdin.resume();
