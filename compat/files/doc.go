// Package files tests package file on a file system that answers when the test says so: a read is
// under way for as long as it takes to look what happens meanwhile.
package files
