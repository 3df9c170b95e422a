package sandbox

import (
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"github.com/landlock-lsm/go-landlock/landlock"
	landlocksys "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// Apply confines this thread, and all threads of the program that it becomes,
// for good, as far as the kernel can: Landlock came with Linux 5.13, and may be
// off. Missing protections are left out. Apply locks the goroutine to its
// thread.
func (c Confinement) Apply() (holds Protections) {
	runtime.LockOSThread()
	if unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != nil {
		return holds
	}
	folders := slices.Clone(systemFolders)
	for _, program := range c.Read {
		folders = append(folders, siblings(program)...)
	}
	rules, flags, err := landlock.V11.BestEffort().NewRulesetFD(
		landlock.RODirs(folders...).IgnoreIfMissing(),
		landlock.ROFiles(slices.Concat(systemFiles, c.Read)...).IgnoreIfMissing(),
		landlock.RWFiles(append(c.Write, os.DevNull)...).IgnoreIfMissing(),
	)
	if err == nil && rules >= 0 {
		holds.Files = landlocksys.LandlockRestrictSelf(rules, flags) == nil
		_ = unix.Close(rules)
	}
	policy, err := c.calls()
	if err == nil {
		err = seccomp.LoadFilter(seccomp.Filter{Policy: policy})
	}
	holds.Calls = err == nil
	return holds
}

// siblings returns the folders of libraries and data of a program that was
// installed outside the system's folders, if they are next to the program's
// own folder.
func siblings(program string) (folders []string) {
	target, err := filepath.EvalSymlinks(program)
	if err != nil {
		target = program
	}
	for _, path := range []string{program, target} {
		if bin := filepath.Dir(path); filepath.Base(bin) == "bin" {
			for _, name := range []string{"lib", "lib64", "share"} {
				folders = append(folders, filepath.Join(bin, "..", name))
			}
		}
	}
	return folders
}

// calls returns a policy that allows all system calls except those that reach
// other processes. A call that is newer than the library's table, or belongs
// to another processor, is refused too.
func (c Confinement) calls() (seccomp.Policy, error) {
	machine, err := arch.GetInfo("")
	if err != nil {
		return seccomp.Policy{}, err
	}
	denied := slices.Concat(outsideCalls, lastingCalls)
	conditions := map[string]seccomp.Condition{
		"prlimit64": {Argument: 0, Operation: seccomp.Equal, Value: 0}, // the limits of this process, not those of others
	}
	absent := seccomp.SyscallGroup{Action: seccomp.ActionErrno | seccomp.Action(unix.ENOSYS)}
	if c.Foreign {
		denied = append(denied, startCalls...)
		// clone starts threads, which libheif needs, or processes. Its flags say
		// which. Those of clone3 are out of a filter's reach; for a kernel
		// without clone3 the C library calls clone.
		conditions["clone"] = seccomp.Condition{Argument: 0, Operation: seccomp.BitsSet, Value: unix.CLONE_THREAD}
		absent.Names = []string{"clone3"}
		for _, name := range []string{"kill", "tkill", "tgkill"} { // this process alone: abort(3) needs one of them
			conditions[name] = seccomp.Condition{Argument: 0, Operation: seccomp.Equal, Value: uint64(os.Getpid())}
		}
	}
	allowed := seccomp.SyscallGroup{Action: seccomp.ActionAllow}
	refused := seccomp.SyscallGroup{Action: seccomp.ActionErrno}
	for _, name := range slices.Sorted(maps.Keys(machine.SyscallNames)) {
		condition, limited := conditions[name]
		switch {
		case slices.Contains(absent.Names, name):
		case slices.Contains(denied, name):
			refused.Names = append(refused.Names, name)
		case limited:
			allowed.NamesWithCondtions = append(allowed.NamesWithCondtions, seccomp.NameWithConditions{Name: name, Conditions: seccomp.ArgumentConditions{condition}})
		default:
			allowed.Names = append(allowed.Names, name)
		}
	}
	policy := seccomp.Policy{
		DefaultAction: seccomp.ActionErrno,
		Syscalls:      []seccomp.SyscallGroup{refused, allowed},
	}
	if len(absent.Names) > 0 {
		policy.Syscalls = append(policy.Syscalls, absent)
	}
	return policy, nil
}

var (
	// outsideCalls are calls that reach other processes, other machines or the
	// kernel's settings.
	outsideCalls = []string{
		"socket", "socketpair", "socketcall", "connect", "bind", "listen", "io_uring_setup", "io_uring_enter", "io_uring_register",
		"ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "process_mrelease", "pidfd_getfd", "kcmp",
		"setpriority", "ioprio_set", "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler", "migrate_pages", "move_pages",
		"perf_event_open", "bpf", "userfaultfd", "inotify_init", "inotify_init1", "fanotify_init",
		"unshare", "setns", "mount", "umount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr",
		"keyctl", "add_key", "request_key", "open_by_handle_at", "name_to_handle_at",
		"init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff", "acct", "quotactl", "quotactl_fd",
		"settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "sethostname", "setdomainname", "syslog", "vhangup", "personality", "iopl", "ioperm",
	}
	// lastingCalls are calls that leave something behind: a process outside the
	// group, memory that belongs to no process, another mode of a file.
	lastingCalls = []string{
		"setsid", "setpgid", "shmget", "shmat", "msgget", "semget", "mq_open", "memfd_create", "memfd_secret",
		"chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat", "utime", "utimes", "futimesat", "utimensat",
		"setxattr", "lsetxattr", "fsetxattr", "setxattrat", "removexattr", "lremovexattr", "fremovexattr", "removexattrat",
	}
	// startCalls are calls that start a process, or reach one by its number.
	startCalls = []string{"fork", "vfork", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_open", "pidfd_send_signal"}
)
