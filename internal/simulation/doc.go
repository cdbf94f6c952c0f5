// Package simulation runs sockets and their scheduling on a kernel that follows a seed: completions
// come late and out of order, calls fail, deadlines pass at any point. A model of what a connection
// may do checks each result. There is nothing here but tests; docs/simulation.md explains them.
package simulation
