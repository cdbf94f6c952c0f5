// Package ring is one io_uring instance: the memory shared with the kernel, the two queues, and
// the probe of what the kernel can do. It knows neither goroutines nor sockets.
//
// Nothing here locks. A [Ring] has one owner for its submission side and one for its completion
// side at a time, and the package above sees to that. Only Enter may be called by several threads
// at once, since the kernel serialises it.
//
// Words that the kernel reads or writes carry the prefix k. Each store that publishes something
// to the kernel names the load in the kernel that it pairs with, and the other way round.
package ring
