package page

// A confinement is what a process may use of the machine from now on, beside its
// open files: it reads the folders of the system, and nothing else.
type confinement struct {
	read  []string // files that it may open, and run
	write []string // files that it may open for writing too

	// program says that this process becomes a program that was not made here.
	// It may start no process and no thread, and signal nobody but itself.
	program bool
}

// Confined says what holds of the processes that open files on this machine.
type Confined struct {
	// Files says that they can open no file but the one to read and those of the
	// system, and can send no signal to others where the kernel is 6.12 or later.
	Files bool

	// Calls says that they have no network and no hold on other processes, and
	// that poppler and libtiff can start none.
	Calls bool
}

// systemFolders and systemFiles are what programs of other people's open: their
// libraries, fonts and tables of characters, and the shells that some are started by.
var (
	systemFolders = []string{
		"/bin", "/usr/bin", "/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec", "/usr/share",
		"/usr/local/lib", "/usr/local/share/fonts", "/usr/local/share/poppler",
		"/etc/alternatives", "/etc/fonts", "/etc/ld.so.conf.d", "/var/cache/fontconfig",
		"/nix/store", "/gnu/store", "/home/linuxbrew/.linuxbrew",
	}
	systemFiles = []string{"/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/localtime", "/dev/zero", "/dev/random", "/dev/urandom"}
)
