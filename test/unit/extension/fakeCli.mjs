// A command line as small as one can be: `gpu install` and `gpu remove` of a machine that $FAKE describes.
const [, action, ...options] = process.argv.slice(2);
const machine = process.env.FAKE;
const print = (object) => process.stdout.write(`${JSON.stringify(object)}\n`);

const plan = {
  cuda: 13,
  folder: '/cache/gpu',
  packages: [{ name: 'onnxruntime-gpu', version: '1.30.0', size: 246_658_419 }],
  downloadBytes: 1_345_777_888,
  diskBytes: 4_037_333_664,
};

if (machine === 'offline') {
  print({ error: { name: 'DownloadError', message: 'pypi.org cannot be reached: check the network' } });
  process.exitCode = 1;
} else if (action === 'remove') print({ removed: true, folder: '/cache/gpu', bytes: 2_100_000_000 });
else if (machine === 'installed') print({ installed: true, changed: false, ...plan });
else if (options.includes('--dry-run')) print(plan);
else {
  process.stderr.write('no NVIDIA driver answers here\n100/1346 MB, fetching onnxruntime-gpu\n');
  if (machine === 'slow') {
    process.on('SIGINT', () => {
      print({ error: { name: 'CancelledError', message: 'stopped' } });
      process.exit(130);
    });
    setInterval(() => undefined, 1000);
  } else {
    process.stderr.write('1346/1346 MB, unpacking nvidia-cuda-nvrtc\n');
    print({ installed: true, changed: true, ...plan });
  }
}
