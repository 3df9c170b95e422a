// Package sandbox limits and confines processes, and the programs that they
// become.
package sandbox

// A Confinement lists the files that a process may use from now on, beside its
// open files and the system's folders, which it may read.
type Confinement struct {
	Read  []string // files that it may open, and run
	Write []string // files that it may open for writing too

	// Foreign is true if the process becomes a foreign program, which must not
	// start a process, nor signal another one.
	Foreign bool
}

// Protections says which protections hold for the processes that open files on
// this machine.
type Protections struct {
	// Files is true if these processes can open only the file to read and the
	// system's files. With Linux 6.12 or later they also cannot signal other
	// processes.
	Files bool

	// Calls is true if these processes have no network and no access to other
	// processes, and if foreign programs cannot start any.
	Calls bool
}

// systemFolders and systemFiles are the files that foreign programs open:
// libraries, fonts, character tables, and shells.
var (
	systemFolders = []string{
		"/bin", "/usr/bin", "/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec", "/usr/share",
		"/usr/local/lib", "/usr/local/share/fonts", "/usr/local/share/poppler",
		"/etc/alternatives", "/etc/fonts", "/etc/ld.so.conf.d", "/var/cache/fontconfig",
		"/nix/store", "/gnu/store", "/home/linuxbrew/.linuxbrew",
	}
	systemFiles = []string{"/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/localtime", "/dev/zero", "/dev/random", "/dev/urandom"}
)
