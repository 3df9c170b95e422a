#!/usr/bin/perl
# A pdftoppm that was taken over by a page: it tries to get at what is not its own, and
# names what it got. The numbers of system calls are those of x86-64 and of arm64.
use strict;
use Config;
use Socket;
my ($bot, $secret, $folder, $tcp, $udp, $unix, $abstract) = @ENV{qw(bot secret folder tcp udp unix abstract)};
my $arm = $Config{archname} =~ /^aarch64/;
my @got;
sub got { my ($name, $ok) = @_; push @got, $name if $ok }
sub reads { my ($path) = @_; open(my $f, '<', $path) or return 0; my $bytes; return sysread($f, $bytes, 1) }

got('environ', reads("/proc/$bot/environ"));
got('memory', open(my $memory, '<', "/proc/$bot/mem"));
got('parent', reads("/proc/" . getppid() . "/environ"));
got('text', reads($secret));
got('list', opendir(my $list, $folder));
got('list-proc', opendir(my $proc, '/proc'));
got('mode', chmod(0644, $secret));
got('write', open(my $new, '>', "$folder/new"));
got('write-tmp', open(my $temporary, '>', "/tmp/slackocr-hostile-$$"));
unlink "/tmp/slackocr-hostile-$$";
got('rename', rename($secret, "$secret.new"));
my ($s1, $s2, $s3, $s4, $zero) = (undef, undef, undef, undef, "\0" x 200);
got('tcp', socket($s1, PF_INET, SOCK_STREAM, 0) && connect($s1, pack_sockaddr_in($tcp, INADDR_LOOPBACK)));
got('udp', socket($s2, PF_INET, SOCK_DGRAM, 0) && send($s2, 'x', 0, pack_sockaddr_in($udp, INADDR_LOOPBACK)));
got('unix', socket($s3, PF_UNIX, SOCK_STREAM, 0) && connect($s3, pack_sockaddr_un($unix)));
got('abstract', socket($s4, PF_UNIX, SOCK_STREAM, 0) && connect($s4, pack('Sa*', AF_UNIX, "\0$abstract")));
got('ring', syscall(425, 1, $zero) >= 0);
got('signal', kill(0, $bot) || kill(0, getppid()));
got('ptrace', syscall($arm ? 117 : 101, 0x4206, getppid() + 0, 0, 0) >= 0);
got('limits', syscall($arm ? 261 : 302, $bot + 0, 7, 0, $zero) >= 0);
got('priority', setpriority(0, $bot, 1));
my $child = fork;
if (defined $child && $child == 0) {
	my $away = syscall($arm ? 157 : 112); # setsid
	open(STDIN, '<', '/dev/null'); open(STDOUT, '>', '/dev/null'); open(STDERR, '>', '/dev/null');
	exec('sleep', '1000');
	sleep 1000;
}
got('process', defined $child);
$SIG{XFSZ} = 'IGNORE';
my $full = 0;
for (1 .. 600) { # 600 MB to the one file that it has
	open(my $own, '>>', '/dev/fd/0') or last;
	my $n = syswrite($own, 'x' x 1048576) or last;
	$full += $n;
}
got('disk', $full >= 600 << 20);
print STDERR 'got: ', join(' ', @got), "\n";
exit 3;
