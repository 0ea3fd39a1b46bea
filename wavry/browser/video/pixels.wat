;; What is done with each byte of pictures: the two loops that JavaScript is too slow for.
;;
;; `wat2wasm pixels.wat -o pixels.wasm`; tests/browser/test_wasm.py sees that the two are the same.
(module
  (import "picture" "memory" (memory 1))

  ;; The first 32 bytes at `a` or after that are not those at `b`, as the address in `a`; `end` if there are none before it.
  ;; At least 32 bytes are compared, and a multiple of that.
  (func (export "firstDifference") (param $a i32) (param $b i32) (param $end i32) (result i32)
    (loop $next
      (if (v128.any_true
            (v128.or
              (v128.xor (v128.load (local.get $a)) (v128.load (local.get $b)))
              (v128.xor (v128.load offset=16 (local.get $a)) (v128.load offset=16 (local.get $b)))))
        (then (return (local.get $a))))
      (local.set $a (i32.add (local.get $a) (i32.const 32)))
      (local.set $b (i32.add (local.get $b) (i32.const 32)))
      (br_if $next (i32.lt_u (local.get $a) (local.get $end))))
    (local.get $end))

  ;; One row of a picture, from I420 in BT.709 (limited range) to the RGBA of a canvas, 16 pixels at a time.
  ;;
  ;; ITU-R BT.709-6 in full numbers, with Y from 16 to 235 and U, V from 16 to 240 around 128:
  ;;
  ;;   red   = 1.164384 (Y - 16)                      + 1.792741 (V - 128)
  ;;   green = 1.164384 (Y - 16) - 0.213249 (U - 128) - 0.532909 (V - 128)
  ;;   blue  = 1.164384 (Y - 16) + 2.112402 (U - 128)
  ;;
  ;; A sample is shifted left by 7 and multiplied by a quarter of its factor in Q15 (1.164384 / 4 * 32768 = 9539), which
  ;; leaves 32 times the product; half of 32 is added, and the sum shifted right by 5 and cut to 0 to 255.
  ;;
  ;; Addresses of the first sample of each plane, of the first pixel, and of the end of the row of Y. Rows have room for
  ;; whole groups of 16 pixels.
  (func (export "convertRow") (param $y i32) (param $u i32) (param $v i32) (param $pixels i32) (param $end i32)
    (local $luma v128)
    (local $u8 v128) (local $v8 v128) ;; eight samples, for sixteen pixels
    (local $low v128) (local $high v128) ;; what Y gives, of the first and of the last eight pixels
    (local $red v128) (local $green v128) (local $blue v128)
    (local $rg v128) (local $ba v128)
    (loop $next
      (local.set $u8 (call $centred (v128.load64_zero (local.get $u))))
      (local.set $v8 (call $centred (v128.load64_zero (local.get $v))))
      (local.set $red
        (i16x8.q15mulr_sat_s (local.get $v8) (i16x8.splat (i32.const 14686))))
      (local.set $green
        (i16x8.add
          (i16x8.q15mulr_sat_s (local.get $u8) (i16x8.splat (i32.const -1747)))
          (i16x8.q15mulr_sat_s (local.get $v8) (i16x8.splat (i32.const -4366)))))
      (local.set $blue
        (i16x8.q15mulr_sat_s (local.get $u8) (i16x8.splat (i32.const 17305))))

      (local.set $luma (v128.load (local.get $y)))
      (local.set $low (call $bright (i16x8.extend_low_i8x16_u (local.get $luma))))
      (local.set $high (call $bright (i16x8.extend_high_i8x16_u (local.get $luma))))
      (local.set $red (call $channel (local.get $low) (local.get $high) (local.get $red)))
      (local.set $green (call $channel (local.get $low) (local.get $high) (local.get $green)))
      (local.set $blue (call $channel (local.get $low) (local.get $high) (local.get $blue)))

      ;; red 0, green 0, red 1, ... and blue 0, opaque, blue 1, ... and those by pairs
      (local.set $rg
        (i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23 (local.get $red) (local.get $green)))
      (local.set $ba
        (i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23 (local.get $blue) (i8x16.splat (i32.const 255))))
      (v128.store (local.get $pixels)
        (i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23 (local.get $rg) (local.get $ba)))
      (v128.store offset=16 (local.get $pixels)
        (i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31 (local.get $rg) (local.get $ba)))
      (local.set $rg
        (i8x16.shuffle 8 24 9 25 10 26 11 27 12 28 13 29 14 30 15 31 (local.get $red) (local.get $green)))
      (local.set $ba
        (i8x16.shuffle 8 24 9 25 10 26 11 27 12 28 13 29 14 30 15 31 (local.get $blue) (i8x16.splat (i32.const 255))))
      (v128.store offset=32 (local.get $pixels)
        (i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23 (local.get $rg) (local.get $ba)))
      (v128.store offset=48 (local.get $pixels)
        (i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31 (local.get $rg) (local.get $ba)))

      (local.set $y (i32.add (local.get $y) (i32.const 16)))
      (local.set $u (i32.add (local.get $u) (i32.const 8)))
      (local.set $v (i32.add (local.get $v) (i32.const 8)))
      (local.set $pixels (i32.add (local.get $pixels) (i32.const 64)))
      (br_if $next (i32.lt_u (local.get $y) (local.get $end)))))

  ;; Eight samples of U or V, around 0 and shifted.
  (func $centred (param $samples v128) (result v128)
    (i16x8.shl
      (i16x8.sub (i16x8.extend_low_i8x16_u (local.get $samples)) (i16x8.splat (i32.const 128)))
      (i32.const 7)))

  ;; What eight samples of Y give, and the half for rounding.
  (func $bright (param $samples v128) (result v128)
    (i16x8.add
      (i16x8.splat (i32.const 16))
      (i16x8.q15mulr_sat_s
        (i16x8.shl (i16x8.sub (local.get $samples) (i16x8.splat (i32.const 16))) (i32.const 7))
        (i16x8.splat (i32.const 9539)))))

  ;; One channel of sixteen pixels: what Y gives, and what eight samples of U and V add, each to two pixels.
  (func $channel (param $low v128) (param $high v128) (param $added v128) (result v128)
    (i8x16.narrow_i16x8_u
      (i16x8.shr_s
        (i16x8.add
          (local.get $low)
          (i8x16.shuffle 0 1 0 1 2 3 2 3 4 5 4 5 6 7 6 7 (local.get $added) (local.get $added)))
        (i32.const 5))
      (i16x8.shr_s
        (i16x8.add
          (local.get $high)
          (i8x16.shuffle 8 9 8 9 10 11 10 11 12 13 12 13 14 15 14 15 (local.get $added) (local.get $added)))
        (i32.const 5)))))
