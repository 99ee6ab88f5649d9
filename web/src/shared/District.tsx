import { useQuery } from '@tanstack/react-query'
import { type ComponentProps, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { districtsQuery } from '~/api/queries'
import type { DistrictName } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import { Button, Input, Select } from '~/ui'

/** The district a text names in the list, by either name; case does not matter. */
export function findDistrict(items: readonly DistrictName[], text: string) {
  const wanted = text.trim().toLowerCase()
  return items.find((d) => d.nameEn.toLowerCase() === wanted || d.nameBn === text.trim())
}

/** The 64 districts, and the name of a stored one in the language on screen. */
export function useDistricts() {
  const format = useFormat()
  const items = useQuery(districtsQuery()).data?.items ?? []
  return {
    items,
    nameOf: (stored: string | null | undefined) => {
      if (!stored) return ''
      const known = items.find((d) => d.nameEn === stored)
      return known ? format.name(known) : stored
    },
  }
}

/** One district from the list; a stored text that is no district can stay. */
export function DistrictSelect({
  value,
  empty,
  onChange,
  ...props
}: Omit<ComponentProps<'select'>, 'onChange' | 'value'> & {
  value: string
  empty: string
  onChange: (value: string) => void
}) {
  const format = useFormat()
  const { items } = useDistricts()
  const known = findDistrict(items, value)
  return (
    <Select {...props} value={known?.nameEn ?? value} onChange={(e) => onChange(e.target.value)}>
      <option value="">{empty}</option>
      {value && !known && <option value={value}>{value}</option>}
      {items.map((d) => (
        <option key={d.nameEn} value={d.nameEn}>
          {format.name(d)}
        </option>
      ))}
    </Select>
  )
}

/** Districts from the list and other places such as towns, each removable. */
export function PlacesInput({
  value,
  onChange,
  ...control
}: Omit<ComponentProps<'input'>, 'onChange' | 'value'> & {
  value: readonly string[]
  onChange: (value: string[]) => void
}) {
  const { t } = useTranslation('common')
  const format = useFormat()
  const { items, nameOf } = useDistricts()
  const list = useId()
  const [text, setText] = useState('')
  const add = (typed: string) => {
    const place = findDistrict(items, typed)?.nameEn ?? typed.trim()
    setText('')
    if (place && !value.includes(place)) onChange([...value, place])
  }
  return (
    <div className="flex flex-wrap items-center gap-1">
      {value.map((place) => (
        <Button
          key={place}
          size="sm"
          aria-label={t('actions.removeOf', { name: nameOf(place) })}
          onClick={() => onChange(value.filter((other) => other !== place))}
        >
          {nameOf(place)} ×
        </Button>
      ))}
      <Input
        {...control}
        list={list}
        value={text}
        onChange={(e) => {
          // A choice from the list arrives as a whole name.
          if (findDistrict(items, e.target.value)) add(e.target.value)
          else setText(e.target.value)
        }}
        onBlur={() => add(text)}
        onKeyDown={(e) => {
          if (e.key === 'Enter') {
            e.preventDefault()
            add(text)
          }
        }}
      />
      <datalist id={list}>
        {items
          .filter((d) => !value.includes(d.nameEn))
          .map((d) => (
            <option key={d.nameEn} value={format.name(d)} />
          ))}
      </datalist>
    </div>
  )
}
