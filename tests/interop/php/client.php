<?php
// Reads a job from standard input, calls with PHP's SoapClient, writes the replies; tests/interop/foreign.py tells their form.
// {"$base64": text} is a string of bytes; {"$param": name, "value": v} a SoapParam; {"$type": name, "namespace": ns, "value": v} an
// object sent with that xsi:type; {"$same": key, "value": v} an object that is one and the same wherever the key stands.

class Employee extends stdClass {}  // the class of the bank's subclass: for the option `classmap`

$shared = [];

function in($value) {
    global $shared;
    if (is_array($value)) {
        return array_map('in', $value);
    }
    if (!is_object($value)) {
        return $value;
    }
    if (isset($value->{'$base64'})) {
        return base64_decode($value->{'$base64'});
    }
    if (isset($value->{'$param'})) {
        return new SoapParam(in($value->value), $value->{'$param'});
    }
    if (isset($value->{'$type'})) {
        return new SoapVar(in($value->value), SOAP_ENC_OBJECT, $value->{'$type'}, $value->namespace);
    }
    if (isset($value->{'$same'})) {
        return $shared[$value->{'$same'}] ??= in($value->value);
    }
    return (object) array_map('in', get_object_vars($value));
}

function out($value) {
    if (is_string($value) && !mb_is_utf8($value)) {
        return ['$base64' => base64_encode($value)];
    }
    if (is_array($value)) {
        return array_map('out', $value);
    }
    if (is_object($value)) {
        $named = $value instanceof stdClass && get_class($value) !== 'stdClass' ? ['class' => get_class($value)] : [];
        return (object) array_map('out', $named + get_object_vars($value));
    }
    return $value;
}

function mb_is_utf8(string $text): bool {
    return preg_match('//u', $text) === 1 && !str_contains($text, "\0");
}

function option($value) {
    return is_string($value) && defined($value) ? constant($value) : (is_object($value) ? (array) $value : $value);
}

function reply(SoapClient $client, object $call): array {
    $headers = array_map(fn($h) => new SoapHeader($h->namespace, $h->name, in($h->value), $h->must_understand ?? false), $call->headers ?? []);
    $found = [];
    try {
        $result = $client->__soapCall($call->name, in($call->arguments), (array) ($call->options ?? []), $headers, $found);
        return ['result' => out($result), 'headers' => (object) out($found), 'request' => $client->__getLastRequest()];
    } catch (SoapFault $fault) {
        $told = ['code' => $fault->faultcode, 'text' => $fault->faultstring, 'detail' => out($fault->detail ?? null)];
        $told['subcodes'] = $fault->faultcodens ?? null;
        return ['fault' => $told, 'request' => $client->__getLastRequest()];
    }
}

$job = json_decode(stream_get_contents(STDIN), false, 512, JSON_THROW_ON_ERROR);
$options = array_map('option', (array) $job->options) + ['trace' => true, 'cache_wsdl' => WSDL_CACHE_NONE];
$client = new SoapClient($job->wsdl, $options);
$replies = array_map(fn($call) => reply($client, $call), $job->calls);
echo json_encode($replies, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_PRESERVE_ZERO_FRACTION);
