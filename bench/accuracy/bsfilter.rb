# SPDX-License-Identifier: Apache-2.0
# bsfilter.rb: bsfilter's own class, fed mail after mail by bench/accuracy/bsfilter (stream.py says how).
#
# usage: ruby bsfilter.rb STATE_DIR
load '/usr/bin/bsfilter'

def bsfilter(*options)
  one = Bsfilter.new
  one.setup(['--quiet', '--homedir', ARGV[0], *options])
  one
end

$stdin.binmode
path = File.join(ARGV[0], 'mail')
scores = bsfilter
learns = { 'spam' => bsfilter('--add-spam', '--update'), 'ham' => bsfilter('--add-clean', '--update') }
while (line = $stdin.gets)
  label, length = line.split
  File.binwrite(path, length == '0' ? '' : $stdin.read(length.to_i))
  scores.run([path])
  printf("%.17g\n", scores.probability)
  learns.fetch(label).run([path])
  $stdout.flush
end
