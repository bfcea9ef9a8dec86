# SPDX-License-Identifier: Apache-2.0
# spamassassin.pl: SpamAssassin's Bayes, fed mail after mail by bench/accuracy/spamassassin (stream.py says how).
#
# usage: perl spamassassin.pl STATE_DIR MIN_LEARNS
#
# Only the Bayes plugin is loaded, and of the rules only what it reads: top-level domains and stop words. No network.
use strict;
use warnings;
use Mail::SpamAssassin;

my ($state, $min) = @ARGV;
my $rules = '';
for my $file (qw(20_aux_tlds.cf 60_bayes_stopwords.cf)) {
    open(my $lines, '<', "/usr/share/spamassassin/$file") or die "$file: $!\n";
    $rules .= join('', <$lines>);
}

my $sa = Mail::SpamAssassin->new({
    config_text => "loadplugin Mail::SpamAssassin::Plugin::Bayes\n$rules" . <<"END",
use_bayes 1
bayes_path $state/bayes
bayes_auto_learn 0
bayes_auto_expire 0
bayes_min_spam_num $min
bayes_min_ham_num $min
lock_method flock
dns_available no
END
    local_tests_only   => 1,
    dont_copy_prefs    => 1,
    userstate_dir      => $state,
    home_dir_for_helpers => $state,
    username           => 'peer',
});
$sa->init(1);

binmode STDIN;
$| = 1;
while (defined(my $line = <STDIN>)) {
    my ($label, $length) = split ' ', $line;
    my $mail = '';
    read(STDIN, $mail, $length) == $length or die "a mail is cut short\n";
    my $msg = $sa->parse($mail, 1);
    my $status = Mail::SpamAssassin::PerMsgStatus->new($sa, $msg);
    $status->extract_message_metadata();
    $sa->call_plugins('check_bayes', $status, '', 0, 1);
    printf "%.17g\n", defined $status->{bayes_score} ? $status->{bayes_score} : 0.5;
    $status->finish();
    $sa->learn($msg, undef, $label eq 'spam', 0)->finish();
    $msg->finish();
}
$sa->finish();
