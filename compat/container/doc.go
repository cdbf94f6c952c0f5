// Package container shows what uringnet does where io_uring is forbidden or scarce: under the
// seccomp rule of Docker's default profile, with kernel.io_uring_disabled, with RLIMIT_MEMLOCK 0
// and with few file descriptors. In each case a child process serves HTTP through uringnet and
// names the cause in Backend. The root package's tests deny single steps; these are the whole
// conditions that a container or a hardened machine puts a program into.
package container
