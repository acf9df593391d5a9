# Answers each request of stdin, as request_test.go writes them, with what verify says.
require_relative "verify"

$stdin.each_line(chomp: true) do |line|
  now, body, own, *rest = line.split("\t", -1)
  env, secrets = {}, []
  rest.each do |one|
    name, value = one.unpack1("m0").split("\n", 2)
    name.empty? ? secrets << value : env["HTTP_" + name.upcase.tr("-", "_")] = value
  end
  secrets = secrets[0] if secrets.size == 1 # not in a list
  body, own = body.unpack1("m0"), own.unpack1("m0")
  standard = BillhookVerify.standard(body, env, secrets, now: now.to_i)
  puts [standard, BillhookVerify.header(body, own, secrets)].map { |says| says ? 1 : 0 }.join
end
