<?php
// Answers each request of stdin, as request_test.go writes them, with what verify says.
require __DIR__ . '/verify.php';

while (($line = fgets(STDIN)) !== false) {
    [$now, $body, $own, $rest] = explode("\t", rtrim($line, "\n"), 4) + [3 => ''];
    $server = $secrets = [];
    foreach ($rest === '' ? [] : explode("\t", $rest) as $one) {
        [$name, $value] = explode("\n", base64_decode($one), 2);
        if ($name === '') {
            $secrets[] = $value;
        } else {
            $server['HTTP_' . strtoupper(strtr($name, '-', '_'))] = $value;
        }
    }
    $body = base64_decode($body);
    echo (int) verify_standard($body, $server, $secrets, now: (int) $now);
    echo (int) verify_header($body, base64_decode($own), $secrets), "\n";
}
